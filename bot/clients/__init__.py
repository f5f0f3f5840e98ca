"""What a gateway imports to ask the guard. Needs aiohttp and nothing else of Outlay."""

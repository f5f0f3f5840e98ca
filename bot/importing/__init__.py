"""`outlay import`: usage files into the books, streaming, resumable, with a report of what was refused."""

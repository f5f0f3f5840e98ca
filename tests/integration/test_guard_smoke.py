from core.services.authorize_spend import Guard
from core.services.guard_orders import *
from core.services.record_usage import Bookkeeper
from core.services.manage_tokens import import_source
from core.holds import Ask
from core.usage import TokenClasses
from tests.support.books import *


async def test_smoke(uow):
    await sets(uow, an_order("search", 1.0))
    src = (await import_source(uow, "gw", now=NOON)).id
    g = Guard(uow, Bookkeeper(uow))
    n = 0
    while True:
        n += 1
        a = await g.authorize(
            src, Authorization(f"r-{n}", "openai", "gpt-4.1", Ask(TokenClasses(1000), 1000), "search"), now=NOON
        )
        if n in (1, 2):
            print(a)
        if a.hold_id is None:
            break
        s = await g.settle(src, Settlement(a.hold_id, ({"input_tokens": 1000, "output_tokens": 1000},)), now=NOON)
        if n < 2:
            print(s)
    print(n, a)
    assert n == 101
    assert (await agreed(uow))[1] == 1_000_000_000
    n += 1
    b = await g.authorize(
        src, Authorization(f"r-1", "openai", "gpt-4.1", Ask(TokenClasses(1000), 1000), "search"), now=NOON
    )
    print(b)
    await g.sweep(NOON)

"""Readers and their queues."""

import asyncio

from iterate.server.hub import Hub, Reader


async def drain(reader: Reader) -> list[bytes]:
    frames = []
    while (frame := await reader.next(1.0)) is not None:
        frames.append(frame)
    return frames


def test_frames_come_in_order_and_the_last_one_comes_last() -> None:
    async def main() -> list[bytes]:
        reader = Reader(limit=0)
        for frame in (b"a", b"b"):
            reader.offer(frame)
        reader.close(b"end")
        reader.offer(b"too late")
        return await drain(reader)

    assert asyncio.run(main()) == [b"a", b"b", b"end"]


def test_one_frame_too_many_ends_the_reader_and_costs_no_more_memory() -> None:
    async def main() -> list[bytes]:
        hub, reader = Hub(), Reader(limit=2, overflow=b"overflow")
        hub.join(reader)
        for _ in range(1000):
            hub.publish(b"x")
        return await drain(reader)

    assert asyncio.run(main()) == [b"x", b"x", b"overflow"]


def test_silence_is_an_empty_frame() -> None:
    assert asyncio.run(Reader(limit=0).next(0.01)) == b""


def test_a_reader_that_left_hears_nothing() -> None:
    async def main() -> list[bytes]:
        hub, reader = Hub(), Reader(limit=0)
        hub.join(reader)
        hub.leave(reader)
        hub.publish(b"x")
        reader.close()
        return await drain(reader)

    assert asyncio.run(main()) == []


def test_closing_the_hub_ends_everyone() -> None:
    async def main() -> list[list[bytes]]:
        hub, readers = Hub(), [Reader(limit=0), Reader(limit=0)]
        for reader in readers:
            hub.join(reader)
        hub.close(b"bye")
        return [await drain(reader) for reader in readers]

    assert asyncio.run(main()) == [[b"bye"], [b"bye"]]

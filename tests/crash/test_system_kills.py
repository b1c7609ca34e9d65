"""``kill -9`` over the whole running system, a few times; `benchmarks.killing` does it forty times."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.killing import conservation, soak


@pytest.mark.slow
def test_after_three_kills_the_log_and_the_footage_verify_and_every_byte_is_entered(tmp_path: Path) -> None:
    assert soak(tmp_path / "data", kills=3, seed=3) == []


def test_the_law_of_bytes_finds_each_way_of_breaking_it() -> None:
    def row(entered: int, exact: bool) -> dict[str, object]:
        return {"ended": True, "bytes": entered, "exact": exact}

    assert conservation(Counter(a=5), {"a": row(5, True)}) == []
    assert conservation(Counter(a=5), {"a": row(6, False)}) == []
    assert len(conservation(Counter(a=5), {"a": row(6, True)})) == 1
    assert len(conservation(Counter(a=5), {"a": row(4, False)})) == 1
    assert len(conservation(Counter(a=5), {"a": {"ended": False, "bytes": None, "exact": None}})) == 1
    assert len(conservation(Counter(a=5), {})) == 1

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.clusters.group import Cluster, Group, Member, Relation, Ruling
from streams.state.formats import FIRST, LATEST
from streams.state.group_codec import GroupCodec

A, B = b"AAAAAAAA", b"BBBBBBBB"
DIGEST, CANONICAL = b"digest", b"canoni"
SINGLETON = Group((Member(A, DIGEST, 0),), (Cluster(A, 1, 1_700_000_000_000 << 20, CANONICAL),))

ids = st.sampled_from([A, B])
groups = st.builds(
    Group,
    st.lists(
        st.builds(Member, ids, st.sampled_from([DIGEST, b"", b"digest of more"]), st.integers(0, 1)), max_size=2
    ).map(tuple),
    st.lists(
        st.builds(
            Cluster,
            ids | st.just(A + b"\0\1"),
            st.integers(0, 2),
            st.integers(-1, 1 << 63),
            st.sampled_from([CANONICAL, b""]),
        ),
        max_size=2,
    ).map(tuple),
    st.booleans(),
    st.sampled_from([{}, {B: A}]),
    st.sampled_from([(), (Ruling(A, B, 1, 1),)]),
    st.sampled_from([(), (Relation(A, B, "corrects"),)]),
)


@pytest.mark.parametrize("form", [FIRST, LATEST])
@given(root=ids, group=groups | st.just(SINGLETON))
def test_a_group_is_read_as_it_was_written_and_while_it_is_frozen(form: int, root: bytes, group: Group) -> None:
    codec, reader = GroupCodec(form), GroupCodec()
    raw = codec.encode(root, group)
    frozen = codec.frozen(raw, B)
    assert (reader.root(root, raw), reader.moving(root, frozen)) == (group, group)
    assert (reader.is_root(raw), reader.is_frozen(raw), reader.target(raw)) == (True, False, b"")
    assert (reader.is_root(frozen), reader.is_frozen(frozen), reader.target(frozen)) == (False, True, B)
    assert reader.clusters_of(raw) == reader.clusters_of(frozen) == len(group.clusters)


def test_a_group_that_is_not_there_is_empty() -> None:
    codec = GroupCodec()
    assert codec.root(A, b"") == codec.moving(A, codec.frozen(b"", B)) == Group()
    assert codec.clusters_of(codec.frozen(b"", B)) == codec.clusters_of(codec.pointer(B)) == 0
    assert codec.target(codec.pointer(B)) == B


def test_the_group_of_one_record_as_it_began_takes_21_bytes() -> None:
    assert len(GroupCodec().encode(A, SINGLETON)) == 21
    assert len(GroupCodec(FIRST).encode(A, SINGLETON)) > 50


@pytest.mark.parametrize(
    "changed",
    [
        {"vetoed": True},
        {"merged": {B: A}},
        {"rulings": (Ruling(A, B, 1, 1),)},
        {"related": (Relation(A, B, "corrects"),)},
        {"members": ()},
        {"members": (Member(B, DIGEST, 0),)},
        {"members": (Member(A, DIGEST, 1),)},
        {"clusters": (Cluster(A, 2, 7, CANONICAL),)},
        {"clusters": (Cluster(A + b"\0\1", 1, 7, CANONICAL),)},
        {"clusters": (Cluster(A, 1, 7),)},
    ],
)
def test_any_other_group_is_written_whole(changed: dict[str, object]) -> None:
    group = msgspec.structs.replace(SINGLETON, **changed)
    assert GroupCodec().encode(A, group) == GroupCodec(FIRST).encode(A, group)


def test_a_group_that_release_0_1_0_wrote_is_read_and_written_again_in_the_same_bytes() -> None:
    written = b"=" + msgspec.msgpack.encode(
        [[[A, DIGEST, 0]], [[A, 1, 1_700_000_000_000 << 20, CANONICAL]], False, {}, [], []]
    )
    assert GroupCodec(LATEST).root(A, written) == SINGLETON
    assert GroupCodec(FIRST).encode(A, SINGLETON) == written

"""The page of a cluster over HTTP: any size, merged, emptied, unknown; its forms need the scope `curate`."""

from __future__ import annotations

import pytest

from streams.query.clusters import Clusters
from tests.engine.worlds import message
from tests.query.conftest import Library
from tests.query.test_lookup import PAIR, TITLE
from tests.serve.conftest import Client

HTML = {"Accept": "text/html"}


def name_of(library: Library, record: str = "mine:1") -> str:
    return Clusters(library.index).record(record).cluster_id


def test_a_cluster_is_shown_to_anyone_at_this_machine(client: Client, library: Library) -> None:
    name = name_of(library)
    page = client.get(f"/clusters/{name}")
    assert page.status_code == 200
    for text in (TITLE, "mine:2", "Why they are together", f"/clusters/{name}/history"):
        assert text in page.text
    assert "Split" not in page.text, "for those who are signed in"
    assert "Sign in to correct" in page.text


def test_a_merged_cluster_leads_on_and_an_unknown_one_says_so(client: Client, library: Library) -> None:
    both = {name_of(library), name_of(library, "mine:3")}
    library.bench.correct("k1", "same", "mine:1", "mine:3")
    survivor = name_of(library)
    (gone,) = both - {survivor}
    answer = client.get(f"/clusters/{gone}", follow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/clusters/{survivor}?merged={gone}")
    assert f"{gone}</bdi></span> was merged into this one" in client.get(f"/clusters/{gone}").text
    for name, status in (("c" + "a" * 13, 404), ("nonsense", 422)):
        for path in (f"/clusters/{name}", f"/clusters/{name}/history"):
            answer = client.get(path, headers=HTML)
            assert (answer.status_code, answer.headers["Content-Type"][:9]) == (status, "text/html")
            assert name in answer.text


def test_a_record_leads_to_its_place_in_its_cluster(client: Client, library: Library) -> None:
    answer = client.get("/records", params={"id": "mine:2"}, follow_redirects=False)
    assert answer.headers["Location"] == f"/clusters/{name_of(library)}#record-2"
    assert client.get("/records", params={"id": "mine:9"}, headers=HTML).status_code == 404


def test_a_cluster_without_records_is_shown(client: Client, library: Library) -> None:
    name = name_of(library, "mine:3")
    library.bench.send("mine:3", None)
    assert "All of its records were deleted" in client.get(f"/clusters/{name}").text


@pytest.mark.long
def test_a_cluster_of_a_thousand_records_is_a_page_like_any_other(operator: Client, library: Library) -> None:
    paper = {"title": TITLE, "authors": PAIR, "year": 2015, "doi": "10.5555/many.1"}
    sent = [message(f"many:{number:04}", paper, 5000 + number, number) for number in range(1000)]
    for first in range(0, 1000, 250):
        library.bench.handle(sent[first : first + 250])
    name = name_of(library, "many:0000")
    page = operator.get(f"/clusters/{name}")
    assert "1,00" in page.text
    assert page.text.count('<tr id="record-') == 30
    assert len(page.content) < 120_000
    assert operator.get(f"/clusters/{name}?from=990").text.count('<tr id="record-') in (10, 12)
    form = {"part:many:0004": "2"}
    preview = operator.post(f"/clusters/{name}/split", data=form)
    assert (preview.status_code, "What would result" in preview.text) == (200, True)


def test_the_forms_are_for_curators_and_a_split_is_previewed(
    client: Client, operator: Client, library: Library
) -> None:
    name = name_of(library)
    for path in (f"/clusters/{name}/split", f"/clusters/{name}/merge"):
        assert client.get(path, headers=HTML, follow_redirects=False).headers["Location"].startswith("/sign-in?return=")
        assert operator.get(path).status_code == 200
    assert client.post(f"/clusters/{name}/split", data={"part:mine:2": "2"}, headers=HTML).status_code == 401
    preview = operator.post(f"/clusters/{name}/split", data={"part:mine:1": "1", "part:mine:2": "2"})
    assert preview.status_code == 200
    assert "1 cluster would become 2 clusters." in preview.text
    assert name_of(library) == name_of(library, "mine:2"), "nothing was done"
    nothing = operator.post(
        f"/clusters/{name}/split", data={"part:mine:1": "1", "part:mine:2": "1", "part:other:1": "2"}
    )
    assert (nothing.status_code, "All records are on one paper" in nothing.text) == (422, True)


def test_the_other_cluster_of_a_merge_is_found(operator: Client, library: Library) -> None:
    found = operator.get(f"/clusters/{name_of(library)}/merge", params={"with": "mine:3"})
    assert name_of(library, "mine:3") in found.text
    assert f'name="with" value="{name_of(library, "mine:3")}"' in found.text
    own = operator.get(f"/clusters/{name_of(library)}/merge", params={"with": "mine:1"})
    assert "No other cluster" in own.text


def test_a_merge_is_of_whole_clusters_also_where_two_records_contradict(operator: Client, library: Library) -> None:
    """One correction between two arXiv records would take these two out of their clusters, and leave the others apart."""
    for number, title in ((1, "On the tides of a shallow bay"), (2, "Currents around the outer islands")):
        paper = {"title": title, "authors": ["Ada Reef", "Ben Kelp"], "year": 2015, "arxiv_id": f"1503.0000{number}"}
        library.send(f"arxiv:1503.0000{number}", **paper)
        library.send(f"mine:tide{number}", **paper)
    first, second = (name_of(library, f"arxiv:1503.0000{number}") for number in (1, 2))
    assert first != second
    answer = operator.post(f"/clusters/{first}/merge", data={"with": second})
    assert "2 clusters would become 1 cluster." in answer.text
    assert "not quite what you asked for" not in answer.text
    assert answer.text.count("are the same paper") == 3
    empty = operator.post(f"/clusters/{first}/merge", data={"with": first})
    assert empty.status_code == 422


def test_identifiers_and_links_of_the_web_lead_to_their_sites(client: Client, library: Library) -> None:
    links = ["https://example.org/reef", "javascript:alert(1)"]
    library.send("mine:web", title="Links of a reef", authors=["Ada Reef"], year=2001, doi="10.5555/web", urls=links)
    text = client.get(f"/clusters/{name_of(library, 'mine:web')}").text
    assert 'href="https://doi.org/10.5555/web" rel="noopener noreferrer external"' in text
    assert 'href="https://example.org/reef" rel="noopener noreferrer external"' in text
    assert 'href="javascript:' not in text

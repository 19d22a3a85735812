"""The custom status is true, small and free of names, whatever the job."""

import json

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.job import Stage
from shared.domain.messages import RunJob
from shared.domain.progress import CURRENT_LIMIT, Current, custom_status

LIMIT = 12 * 1024


@given(
    documents=st.integers(1, 1000),
    variables=st.integers(1, 200),
    reading=st.integers(0, 1000),
    stage=st.sampled_from(Stage),
    done=st.data(),
)
def test_status_stays_small(
    documents: int, variables: int, reading: int, stage: Stage, done: st.DataObject
) -> None:
    """No number of documents in flight takes the status near its limit, counted in UTF-16."""
    ended = done.draw(st.integers(0, documents))
    run = RunJob("j" * 32, 1, documents, variables, done=ended, cells_done=ended * variables)
    current = [Current(f"d{number}", variables) for number in range(reading)]
    status = custom_status(run, stage, current, state="completed")
    assert len(json.dumps(status).encode("utf-16-le")) < LIMIT / 2
    assert len(status["current"]) <= CURRENT_LIMIT


def test_counts_add_up() -> None:
    """Cells of ended documents and answered cells of current ones are counted together."""
    run = RunJob("job", 2, documents=12, variables=17, done=2, failed=1, cells_done=34)
    status = custom_status(run, Stage.READING, [Current("d3", 7), Current("d4", 0)])
    assert status == {
        "stage": "reading",
        "message": "Reading 2 of 12 documents, 2 done",
        "run": 2,
        "documents": {"total": 12, "done": 1, "failed": 1, "reading": 2},
        "variables": {"total": 204, "done": 41},
        "current": [
            {"document": "d3", "variables_done": 7, "variables_total": 17},
            {"document": "d4", "variables_done": 0, "variables_total": 17},
        ],
    }

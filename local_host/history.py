"""Durable history events: their numbers, and the JSON the SDK reads."""

import json
from datetime import datetime
from typing import Any

from local_host import timestamps

Event = dict[str, Any]

EXECUTION_STARTED = 0
EXECUTION_COMPLETED = 1
EXECUTION_TERMINATED = 3
TASK_SCHEDULED = 4
TASK_COMPLETED = 5
TASK_FAILED = 6
SUB_CREATED = 7
SUB_COMPLETED = 8
SUB_FAILED = 9
TIMER_CREATED = 10
TIMER_FIRED = 11
ORCHESTRATOR_STARTED = 12
ORCHESTRATOR_COMPLETED = 13
EVENT_RAISED = 15

NAMES = {
    EXECUTION_STARTED: "ExecutionStarted",
    EXECUTION_COMPLETED: "ExecutionCompleted",
    EXECUTION_TERMINATED: "ExecutionTerminated",
    TASK_SCHEDULED: "TaskScheduled",
    TASK_COMPLETED: "TaskCompleted",
    TASK_FAILED: "TaskFailed",
    SUB_CREATED: "SubOrchestrationInstanceCreated",
    SUB_COMPLETED: "SubOrchestrationInstanceCompleted",
    SUB_FAILED: "SubOrchestrationInstanceFailed",
    TIMER_CREATED: "TimerCreated",
    TIMER_FIRED: "TimerFired",
    ORCHESTRATOR_STARTED: "OrchestratorStarted",
    ORCHESTRATOR_COMPLETED: "OrchestratorCompleted",
    EVENT_RAISED: "EventRaised",
}


def event(kind: int, moment: datetime, event_id: int = -1, **fields: Any) -> Event:
    """One event; `event_id` is a sequence number only for what an orchestrator scheduled."""
    return {
        "EventType": kind,
        "EventId": event_id,
        "IsPlayed": False,
        "Timestamp": timestamps.written(moment),
        **fields,
    }


def started(
    moment: datetime,
    *,
    instance_id: str,
    execution_id: str,
    name: str,
    version: str,
    stored_input: str | None,
    parent_id: str | None,
) -> Event:
    """ExecutionStarted; `stored_input` is the JSON text kept for the instance."""
    parent = None if parent_id is None else {"OrchestrationInstance": {"InstanceId": parent_id}}
    return event(
        EXECUTION_STARTED,
        moment,
        OrchestrationInstance={"InstanceId": instance_id, "ExecutionId": execution_id},
        ParentInstance=parent,
        Name=name,
        Version=version,
        Input=stored_input,
        Tags=None,
    )


def compact(value: Any) -> str:
    """JSON as Newtonsoft writes it: no white space, letters as they are."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def played(one: Event) -> Event:
    """The event as later episodes see it; OrchestratorStarted is never marked played."""
    return one if one["EventType"] == ORCHESTRATOR_STARTED else {**one, "IsPlayed": True}

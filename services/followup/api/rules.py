"""Schedules per package and the rule of empowerment."""

from chassis.http import Act, Created, Read, Routes
from services.followup.api import access
from services.followup.usecases.configure_rules import AddRule, SetSchedule, add_rule, set_schedule
from services.followup.usecases.read_rules import RuleView, ScheduleView, list_rules, list_schedules

routes = Routes(tags=["rules"])


@routes.get("/schedules", permission=access.READ_RULES)
async def get_schedules(read: Read) -> list[ScheduleView]:
    """The schedule in use per package; `default` for all others."""
    return await read(list_schedules)


@routes.post("/schedules", permission=access.SET_RULES)
async def post_schedule(body: SetSchedule, act: Act) -> Created:
    """A new version of a package's schedule, for plans still to come."""
    return await act(set_schedule, body)


@routes.get("/empowerment-rules", permission=access.READ_RULES)
async def get_rules(read: Read) -> list[RuleView]:
    """All versions."""
    return await read(list_rules)


@routes.post("/empowerment-rules", permission=access.SET_RULES)
async def post_rule(body: AddRule, act: Act) -> Created:
    """A new version of the rule."""
    return await act(add_rule, body)

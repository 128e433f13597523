"""How each route that answers with a list, a count or one thing is asked. Names in braces are of `subjects.py`."""

from typing import Final

from benchmarks.lists.asked import ALL, NEWEST, OF_GIANT, Filter, Route, by, giant, one, region, states

EVERYWHERE: Final = "true"
PROGRAMME: Final = by("programme_id", "programme")
OF_PROGRAMME: Final = "programme_id = '{programme}'"

CHASSIS: Final = (
    Route("/jobs", "job", (ALL, *states("failed"), Filter("kind", {"kind": "allocate"}, "kind = 'allocate'")),
          order="id DESC", within="agency = 'dinsos'"),
    one("/jobs/{job_id}"),
    one("/admin/outbox"),
    Route("/admin/outbox/stuck"),
    Route("/admin/archive", "outbox", key="position", order="position", within=EVERYWHERE),
    Route("/admin/parked", "parked_message", key="arrival", order="arrival", within="redriven_at IS NULL"),
    Route("/admin/redrives/{job_id}", "redrive_result", key="arrival", order="arrival", within=EVERYWHERE),
    Route("/admin/mends", "parked_mend", order="id", within="state = 'proposed'"),
    one("/admin/mends/{mend_id}"),
    Route("/admin/events", filters=(Filter("case", {"case": "{case}"}),)),
    Route("/admin/heard", filters=(Filter("case", {"case": "{case}", "event_id": "{heard}", "key": "{person}"}),)),
)  # fmt: skip

_OF_IMPORT = "import_id = '{import_id}'"

REGISTRY: Final = (
    Route("/people", "person", (ALL, region())),
    Route("/people/search", filters=(
        Filter("name", {"name": "siti rahayu"}),
        Filter("name of nobody", {"name": "zzzz"}),
        Filter("name and village", {"name": "siti rahayu", "region": "{village}"}),
    ), body={"purpose": "case_work"}),
    one("/people/{person_id}"),
    Route("/imports", "list_import", order="id DESC", within="'33.28' LIKE '{region}%'"),
    one("/imports/{import_id}"),
    Route("/imports/{import_id}/report", "list_import_finding", key="row_number", order="row_number",
          within=_OF_IMPORT, after="after_row"),
    Route("/imports/{import_id}/rows", "list_import_row", key="row_number", order="row_number", within=_OF_IMPORT,
          after="after_row"),
    Route("/corrections", "correction", (ALL, *states("proposed", "approved", "rejected"))),
    Route("/assistance/requests", "end_request", (ALL, *states("open", "ended", "refused")),
          order="agency, region_code, graduation_id"),
    Route("/regions", "region", key="code", order="code", within=EVERYWHERE),
)  # fmt: skip

TRAINING: Final = (
    Route("/providers", "provider", order="id", within=EVERYWHERE),
    Route("/courses", "course", order="id", within=EVERYWHERE),
    one("/programmes/{programme_id}"),
    Route("/classes", "training_class", (ALL, PROGRAMME, giant(),
          Filter("course_code", {"course_code": "course-1"}, "course_code = 'course-1'"),
          Filter("course nobody holds", {"course_code": "course-7"}, "false"))),
    one("/classes/{class_id}"),
    Route("/classes/{class_id}/enrolments", "enrolment", order="id", within="class_id = '{class_id}'"),
    one("/enrolments/{enrolment_id}"),
    one("/enrolment-lists/{list_id}"),
    Route("/people/{person_id}/enrolments", "enrolment", order="id", within="person_id = '{person_id}'"),
    Route("/sheets", "sheet", (ALL, by("class_id"), *states("reported", "verified", "refused"))),
    one("/sheets/{sheet_id}"),
    Route("/unaccepted-sheets", "unaccepted_sheet", (ALL, by("class_id")), order=NEWEST),
    Route("/provider/classes/{class_id}/enrolments", "enrolment", order="id", within="class_id = '{class_id}'",
          roles=("lembaga-pelatihan",)),
)  # fmt: skip

DISBURSEMENT: Final = (
    Route("/programmes", "programme"),
    Route("/programmes/{programme_id}", filters=(ALL, OF_GIANT)),
    Route("/programmes/{programme_id}/ledger", filters=(ALL, OF_GIANT)),
    one("/programmes/{programme_id}/stock"),
    Route("/programmes/{programme_id}/reserve-candidates", "reserve_candidate", (ALL, OF_GIANT), key="position",
          order="position", within=OF_PROGRAMME),
    Route("/programmes/{programme_id}/candidates", "made.person", (ALL, OF_GIANT), key="person_id",
          order="person_id", within=f"{OF_PROGRAMME} AND (n % 10 = 7 OR n % 50 = 1)"),
    Route("/eligibility", filters=(Filter("one", {"programme_id": "{programme}", "person_id": "{person}"}),)),
    Route("/grants", "aid_grant", (ALL, PROGRAMME, giant(), by("person_id", "person"), region("region_code"),
          *states("handed_over", "conditional", "cancelled", "released"),
          Filter("package_code", {"package_code": "package-1"}, "package_code = 'package-1'"),
          Filter("programme and state", {"programme_id": "{programme}", "state": "cancelled"},
                 f"{OF_PROGRAMME} AND state = 'cancelled'"))),
    one("/grants/{grant_id}"),
    Route("/proposals", "proposal", (ALL, PROGRAMME)),
    one("/proposals/{proposal_id}"),
    Route("/proposals/{proposal_id}/lines", "aid_grant", order="id",
          within="proposal_id = '{proposal_id}' AND state = 'proposed'"),
    one("/proposals/{proposal_id}/amendment-lines"),
    Route("/decrees", "decree", (ALL, PROGRAMME)),
    one("/decrees/{decree_id}"),
    Route("/handover-sessions", "handover_session", (ALL, PROGRAMME, giant())),
    Route("/handover-sessions/{session_id}"),
    Route("/basts", "bast", (ALL, PROGRAMME, giant(), by("session_id"), by("grant_id"), *states("valid", "void"))),
    one("/basts/{bast_id}"),
    Route("/bast-voids", "bast_void", (ALL, *states("requested", "approved", "refused"))),
    Route("/bast-corrections", "bast_correction", (ALL, *states("requested", "approved", "refused"))),
    Route("/refused-assistance", "refused_assistance", order="id", within=EVERYWHERE),
)  # fmt: skip

_NEXT = (
    "(SELECT visit.* FROM visit JOIN mentoring_plan AS p ON p.id = plan_id"
    " WHERE recorded_at IS NULL AND p.state = 'active') AS found"
)

FOLLOWUP: Final = (
    Route("/plans", "mentoring_plan", (ALL, PROGRAMME, giant(), region(), *states("active", "suspended", "stopped"),
          Filter("programme and state", {"programme_id": "{programme}", "state": "stopped"},
                 f"{OF_PROGRAMME} AND state = 'stopped'"))),
    one("/plans/{plan_id}"),
    one("/people/{person_id}"),
    Route("/summary", filters=(Filter("programme_id", {"programme_id": "{programme}"}),
                               Filter("giant programme", {"programme_id": "{giant}"}))),
    Route("/visits/next", _NEXT, (
        Filter("all", {}, "due_on <= current_date"),
        Filter("programme_id", {"programme_id": "{programme}"}, f"{OF_PROGRAMME} AND due_on <= current_date"),
        Filter("giant programme", {"programme_id": "{giant}"}, "programme_id = '{giant}' AND due_on <= current_date"),
        Filter("region", {"region": "{village}"}, "region_code = '{village}' AND due_on <= current_date"),
        Filter("state=planned", {"state": "planned"}, "due_on > current_date"),
        Filter("state=overdue", {"state": "overdue"}, "due_on < current_date - 30"),
    ), order="agency, region_code, due_on, id"),
    one("/visit-lists/{visit_list_id}"),
    Route("/visit-corrections", "visit_correction", (ALL, by("visit_id"), *states("open", "approved", "rejected"))),
    Route("/empowerments", "empowerment", (ALL, PROGRAMME, giant(), region(),
          *states("candidate", "confirmed", "lapsed"), Filter("in_doubt", {"in_doubt": "true"}, "in_doubt"))),
    Route("/graduations", "graduation", (ALL, PROGRAMME, giant(), region(),
          *states("proposed", "graduated", "refused"), Filter("flagged", {"flagged": "true"}, "flagged"))),
    one("/graduations/{graduation_id}"),
    Route("/schedules"),
    Route("/empowerment-rules"),
)  # fmt: skip

NOTIFICATIONS: Final = (
    Route("/messages", "message", (ALL, PROGRAMME, giant(), by("person_id", "person"),
          *states("delivered", "failed", "queued", "sending"),
          *states("handover-invitation", "graduation", column="template_code"),
          Filter("programme and state", {"programme_id": "{programme}", "state": "failed"},
                 f"{OF_PROGRAMME} AND state = 'failed'"))),
    Route("/message-counts", filters=(Filter("programme_id", {"programme_id": "{programme}"}),
                                      Filter("giant programme", {"programme_id": "{giant}"}))),
    one("/messages/{message_id}"),
    Route("/lists", "printed_list", (ALL, PROGRAMME, *states("open", "acknowledged", "withdrawn"))),
    one("/lists/{list_id}"),
    Route("/templates"),
    Route("/terms", "term", order="id", within=EVERYWHERE),
)  # fmt: skip

CONSOLE: Final = (
    Route("/cases", "cases.case_file", (ALL, region()), order="agency, region_code, case_id"),
    one("/cases/{case_id}/timeline"),
)

ROUTES: Final = {
    "registry": REGISTRY,
    "training": (*TRAINING, *CHASSIS),
    "disbursement": DISBURSEMENT,
    "followup": FOLLOWUP,
    "notifications": NOTIFICATIONS,
    "console": CONSOLE,
}
"""By service; the chassis's own routes are alike everywhere and are asked in one of them."""

NOT_ASKED: Final = {
    "GET /health/live": "nothing is read",
    "GET /health/ready": "no officer waits for it",
    "GET /metrics": "no officer waits for it",
    "GET /session": "the console's sign-in form",
    "GET /bulk/{job_id}/rows": "rows of one job, read by its primary key as those of a redrive",
    "GET /bulk/{job_id}/failed.csv": "a file of one job's failed rows",
    "GET /imports/{import_id}/report.csv": "a file of one list, which has 20,000 rows at most",
    "GET /classes/{class_id}/sessions/{session_id}/attendance-list": "a page to print of one class",
    "GET /sheet-verifications/{verification_id}": "one act on a class's sheets, by its primary key",
    "GET /handover-sessions/{session_id}/attendance-list": "a page to print, with names from another service",
    "GET /handover-lists/{list_id}": "one act on 500 people at most, by its primary key",
    "GET /basts/{bast_id}/page": "a page to print, with a name from another service",
    "GET /bast-corrections/{correction_id}": "one correction with its fields, by its primary key",
    "GET /audit-export": "a stream of the whole log, a transaction per 1,000 rows",
    "GET /visits/{visit_id}/note": "one sealed note",
    "GET /lists/{list_id}/page": "a page to print, with names from another service",
    "GET /templates/{code}/versions/{version}": "one version, by its primary key",
    "GET /cases/{case_id}": "the timeline as a page, with a name from another service",
    "GET /operations/cases/{case_id}/timeline": "asks every service for what is asked here in each",
    "GET /operations/cases/{case_id}": "the same as a page",
}

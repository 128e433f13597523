"""Long work in chunks: allocation, collecting a proposal, returning it, deciding by decree."""

from chassis.jobs import Jobs
from services.disbursement.usecases import allocate_eligible, propose_grants, return_proposal, sign_decree

jobs = Jobs()
jobs.on(allocate_eligible.JOB)(allocate_eligible.allocate_chunk)
jobs.on(propose_grants.JOB)(propose_grants.collect_chunk)
# Half returned, a proposal could be neither decided nor made anew.
jobs.on(return_proposal.JOB, cancellable=False)(return_proposal.return_chunk)
# A signed decree comes into force for all it names; a failed job is taken up again by an operator.
jobs.on(sign_decree.JOB, cancellable=False)(sign_decree.decide_chunk)

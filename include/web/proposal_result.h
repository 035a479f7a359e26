/*
 * What a change of the playbook would do, in words and figures.
 */
#ifndef WEB_PROPOSAL_RESULT_H
#define WEB_PROPOSAL_RESULT_H

#include "web/proposals.h"
#include "web/visit.h"

/* As far as it is counted: how far that is, the result, or why there is none. */
void proposal_result_write(struct visit *v, const struct proposal *c);

#endif

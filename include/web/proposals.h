/*
 * Changes of the playbook that somebody looks at before they are saved: what the file would say,
 * and what that would do, which is counted meanwhile.
 *
 * Counting may take minutes with a large database, and must neither hold up a page nor the engine:
 * `betimes forecast --playbook` does it, in a process of its own that ends with the service. So the
 * page tells the same numbers as the command.
 *
 * Everything is kept in memory: at most PROPOSALS_MAX of them, the oldest one gives way. A restart
 * forgets them; what was not saved is not in the file.
 */
#ifndef WEB_PROPOSALS_H
#define WEB_PROPOSALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#define PROPOSALS_MAX 32
#define PROPOSAL_TOKEN_BITS 128
#define PROPOSAL_TOKEN_MAX 33
#define PROPOSAL_DAYS 30 /* as far ahead it is counted */

enum proposal_kind { PROPOSAL_EDIT, PROPOSAL_ADD, PROPOSAL_DELETE };

/* How far the counting is. */
enum count_state { COUNT_WAITS, COUNT_RUNS, COUNT_DONE, COUNT_FAILED };

struct proposal {
    char token[PROPOSAL_TOKEN_MAX];
    enum proposal_kind kind;
    int64_t user_id;  /* whose it is */
    char *rule;       /* its name afterwards; of one that is deleted, before */
    char *was;        /* its name before; NULL: it is new */
    char *section;    /* its text afterwards; NULL: deleted */
    char *before;     /* its text before; NULL: it is new */
    char *file;       /* the whole file as it would be */
    char *against;    /* the playbook in force, when it is not the file; NULL: it is */
    uint64_t digest;  /* of the file that it was made from */
    char *dir;        /* the folder of the configuration */
    int64_t began_ms; /* when it was made */
    enum count_state state;
    char *progress; /* while it is counted: how far that is; NULL: not known yet */
    char *result;   /* counted: what `forecast --totals --json` tells; failed: why */
};
void proposal_close(struct proposal *c); /* free what it holds */

struct proposals;

/* None yet. On the loop. */
struct proposals *proposals_create(uv_loop_t *loop);

/* End what is being counted; then everything is freed and `closed` called. On the loop. */
void proposals_close(struct proposals *l, void (*closed)(void *arg), void *arg);

/* Keep it (what it holds is taken over), to be counted; its token is set. From any thread. */
void proposals_add(struct proposals *l, struct proposal *c);

/* A copy of the one with this token, if it is this user's; proposal_close it. From any thread. */
bool proposals_get(struct proposals *l, const char *token, int64_t user_id, struct proposal *out);

/* It is saved, or nobody wants it any more. From any thread. */
void proposals_drop(struct proposals *l, const char *token);

/* Begin to count what waits for it, one after another. On the loop, now and then. */
void proposals_pump(struct proposals *l);

#endif

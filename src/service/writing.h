/*
 * One visit that its calendar is to be told of (writeback.h), as far as the database and the object
 * itself go. Everything here is for the lane; between its calls the loop fetches and puts back.
 */
#ifndef SERVICE_WRITING_H
#define SERVICE_WRITING_H

#include "base/buf.h"
#include "base/err.h"
#include "playbook/settings.h"
#include "store/calendar_writes.h"

/* What becomes of it. */
enum ending {
    ENDING_NONE,   /* the next step */
    ENDING_DONE,   /* its calendar knows it */
    ENDING_LATER,  /* it may go better then */
    ENDING_PERSON, /* it will not, unless somebody settles it */
};

struct writing {
    int64_t now_ms, epoch;
    struct calendar_write visit; /* no ref: there is none */
    struct calendar_settings calendar;
    char *url;       /* of the object */
    struct buf text; /* as it was read, then as it is to be */
    char *etag;      /* of what was read */
    enum ending ending;
    struct err why; /* of an ending that is not DONE */
};

/* The calendars that want to be told. */
struct targets {
    struct calendar_settings *items;
    size_t count;
};
void targets_close(struct targets *t);

/* Begin with none; close frees what there is, and begins anew. */
void writing_init(struct writing *w);
void writing_close(struct writing *w);

/* The visit that is due the longest, and where its object is. Those of which nothing is to be told
 * are noted no more. */
void writing_choose(struct writing *w, const struct targets *targets, struct store *s);

/* Write into w->text what the visit is by now. ENDING_DONE when there is nothing to write. */
void writing_edit(struct writing *w, struct store *s);

/* Note how it ended. */
void writing_note(struct writing *w, struct store *s);

/* Is the visit off? */
bool writing_cancels(const struct writing *w);

#endif

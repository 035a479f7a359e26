/*
 * The invitation that goes with a mail to the client about her visit, where the rule says
 * `invite = yes`: what her calendar is told (RFC 5545), by which UID and SEQUENCE (RFC 5546).
 *
 * The UID is the one that the writer gave the appointment (`uid`), unless another appointment goes
 * by it already, as the visits of a series do; else it is made of the database's own random name
 * and the record's. Whichever a calendar has heard first stays. The SEQUENCE rises when times,
 * place, title or state are not what was told before, never falls, and is at least the row's
 * `sequence`: a calendar takes the higher one, and nothing for the same.
 *
 * A visit that is cancelled by now is taken out of the calendar (METHOD:CANCEL), if that client's
 * calendar was ever told of it.
 */
#ifndef SEND_INVITE_H
#define SEND_INVITE_H

#include <stdbool.h>
#include <stdint.h>

#include "send/compose.h"
#include "store/store.h"
#include "text/address.h"
#include "time/zone.h"

struct invitation {
    bool cancel;
    char *uid; /* NULL: none goes with this mail */
    int sequence;
    char *told; /* see store/invitations.h */
};
void invitation_close(struct invitation *i);

/* What goes with this message, as far as rule, channel and record tell? Something only to the
 * client, by mail, for a visit that has a time and is neither over nor missed. */
enum invite { INVITE_NOTHING, INVITE_REQUEST, INVITE_CANCEL };
enum invite invite_kind(const struct settings *settings, const struct compose_input *in);

/* Number it. `subject_id`: the appointment's entity. out->uid is NULL where there is nothing to
 * tell a calendar. Close `out` in any case. */
int invite_number(struct store *s, const struct settings *settings, int64_t subject_id,
                  const struct compose_input *in, struct invitation *out);

/* By which UID and SEQUENCE would the client's calendar be told of it now? For whoever gets the
 * visit in another way than by mail: it is the same event. Reads only, once store_identity was
 * called. Close `out` in any case. */
int invite_look(struct store *s, const struct zone *home, int64_t subject_id,
                const struct appointment *a, struct invitation *out);

/* Keep what in->invitation tells, if anything, once the mail is written; inside the transaction
 * that numbered it. */
int invite_keep(struct store *s, int64_t subject_id, const struct compose_input *in);

/* Append the calendar of in->invitation, which has a UID, as it goes with the mail from `from`
 * whose words are `text`. */
void invite_write(const struct settings *settings, const struct compose_input *in,
                  const struct address *from, const char *text, struct buf *out);

/* "text/calendar" with the method, as the mail names it. */
const char *invite_type(const struct invitation *i);

#endif

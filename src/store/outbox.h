/* Inside the store: what all lists of messages select, and reading it. */
#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H

#include <sqlite3.h>

#include "store/queries.h"

/* Ends before the WHERE; m is the message, s its subject, p its recipient. */
#define OUTBOX_SELECT                                                                              \
    "SELECT m.id, r.name, r.purpose, s.client_row, "                                               \
    "CASE s.kind WHEN 3 THEN s.row_id WHEN 4 THEN a.job_id WHEN 7 THEN n.job_id END, "             \
    "CASE s.kind WHEN 4 THEN s.row_id WHEN 7 THEN n.appointment_id END, c.name, s.kind, s.key, "   \
    "CASE s.kind WHEN 3 THEN j.title WHEN 4 THEN a.title END, "                                    \
    "coalesce(m.address, CASE p.kind WHEN 5 THEN p.key END), p.kind, "                             \
    "CASE p.kind WHEN 1 THEN pc.name WHEN 2 THEN ps.name END, m.channel, m.state, m.nominal_ms, "  \
    "m.due_ms, m.expires_ms, m.next_ms, m.state_ms, m.reason, m.gateway, m.provider_id, "          \
    "m.attempts, w.language, w.subject, w.text, m.leader_id "                                      \
    "FROM message m JOIN rule r ON r.id = m.rule_id JOIN entity s ON s.id = m.subject_id "         \
    "LEFT JOIN entity p ON p.id = m.recipient_id "                                                 \
    "LEFT JOIN job j ON s.kind = 3 AND j.id = s.row_id "                                           \
    "LEFT JOIN appointment a ON s.kind = 4 AND a.id = s.row_id "                                   \
    "LEFT JOIN answer n ON s.kind = 7 AND n.id = s.row_id "                                        \
    "LEFT JOIN client c ON c.id = s.client_row "                                                   \
    "LEFT JOIN client pc ON p.kind = 1 AND pc.id = p.row_id "                                      \
    "LEFT JOIN staff ps ON p.kind = 2 AND ps.id = p.row_id "                                       \
    "LEFT JOIN payload w ON w.message_id = m.id "

/* The ids of what comes next, at most ?1 of each part, with when it is looked at: of each channel
 * the next ones that are near, and of those the next ones; what is far is looked at
 * only if those are not enough. */
#define OUTBOX_NEAR "FROM message INDEXED BY message_next WHERE state <= 2 AND next_ms <= near_ms "
#define OUTBOX_NEXT(channel)                                                                       \
    "SELECT * FROM (SELECT id, next_ms " OUTBOX_NEAR "AND channel = " channel                      \
    " AND state <> 1 ORDER BY next_ms LIMIT ?1)"
#define OUTBOX_FAR                                                                                 \
    "SELECT * FROM (SELECT id, next_ms FROM message INDEXED BY message_far WHERE state <= 2 "      \
    "AND next_ms > near_ms AND state <> 1 ORDER BY next_ms / 604800000, next_ms "                  \
    "LIMIT ?1 - (SELECT count(*) FROM (SELECT 1 " OUTBOX_NEAR "AND state <> 1 LIMIT ?1)))"
#define OUTBOX_UPCOMING                                                                            \
    OUTBOX_NEXT("0")                                                                               \
    " UNION ALL " OUTBOX_NEXT("1") " UNION ALL " OUTBOX_NEXT("2") " UNION ALL " OUTBOX_FAR

/* a is the last attempt of its message that was a success: so each message is listed once. */
#define SENT_LAST                                                                                  \
    "a.outcome = 'sent' AND NOT EXISTS (SELECT 1 FROM attempt n WHERE n.message_id = "             \
    "a.message_id AND n.id > a.id AND n.outcome = 'sent') "

/* The row of a statement that begins with it. */
void outbox_read(sqlite3_stmt *st, struct outbox_row *r);

#endif

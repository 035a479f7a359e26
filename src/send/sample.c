/* Records to show a message with, real ones and made-up ones. See send/sample.h. */
#include "send/sample.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/records.h"
#include "time/civil.h"

#define DAY_MS (24 * 3600 * INT64_C(1000))
#define DUE_DAYS 3

void record_set_close(struct record_set *r)
{
    client_close(&r->client);
    job_close(&r->job);
    appointment_close(&r->appointment);
    answer_close(&r->answer);
    staff_close(&r->staff);
}

static int load_related(struct store *s, struct record_set *r)
{
    int rc = 0;

    if (r->appointment.job_id != 0 && r->job.id == 0)
        rc = store_job(s, r->appointment.job_id, &r->job);
    int64_t client = r->appointment.id != 0 ? r->appointment.client_id : r->job.client_id;
    int64_t staff = r->appointment.staff_id != 0 ? r->appointment.staff_id : r->job.staff_id;
    if ((rc == 0 || rc == ERR_NOTFOUND) && r->client.id == 0 && client != 0)
        rc = store_client(s, client, &r->client);
    if ((rc == 0 || rc == ERR_NOTFOUND) && staff != 0)
        rc = store_staff(s, staff, &r->staff);
    return rc == ERR_NOTFOUND ? 0 : rc; /* what is not there has no values */
}

int record_set_load(struct store *s, enum entity_kind kind, int64_t id, struct record_set *out)
{
    int rc = kind == ENTITY_CLIENT ? store_client(s, id, &out->client)
             : kind == ENTITY_JOB  ? store_job(s, id, &out->job)
                                   : store_appointment(s, id, &out->appointment);

    return rc == 0 ? load_related(s, out) : rc;
}

void record_set_input(const struct record_set *r, const struct rule *rule, enum channel channel,
                      int64_t now_ms, struct compose_input *out)
{
    *out = (struct compose_input){
        .rule = rule,
        .channel = channel,
        .client = r->client.id != 0 ? &r->client : NULL,
        .job = r->job.id != 0 ? &r->job : NULL,
        .appointment = r->appointment.id != 0 ? &r->appointment : NULL,
        .answer = r->answer.id != 0 ? &r->answer : NULL,
        .staff = r->staff.id != 0 ? &r->staff : NULL,
        .recipient = !rule_writes_to_client(rule) && r->staff.id != 0 ? &r->staff : NULL,
        .now_ms = now_ms,
    };
}

static char *day_text(const struct zone *zone, int64_t instant_ms, const char *rest)
{
    struct civil day;

    zone_to_civil(zone, instant_ms, &day);
    return mem_printf("%04d-%02d-%02d%s", day.year, day.month, day.day, rest);
}

void sample_make(const struct rule *rule, const struct business *business, int64_t now_ms,
                 struct record_set *out)
{
    const struct zone *zone = business->calendar.zone;
    const char *currency = business->currency != NULL ? business->currency : "EUR";
    const char *status = rule->event == EVENT_APPOINTMENT_CANCELLED ? "cancelled" : "booked";
    const char *stage = rule->stage != NULL ? rule->stage : "Received";

    out->client = (struct client){.id = 1,
                                  .ref = mem_strdup("C-17"),
                                  .name = mem_strdup("Anna Ozola"),
                                  .email = mem_strdup("anna.ozola@example.com"),
                                  .phone = mem_strdup("+37120000017")};
    out->job = (struct job){.id = 1,
                            .ref = mem_strdup("J-204"),
                            .title = mem_strdup("Volvo V60, brakes"),
                            .stage = mem_strdup(stage),
                            .due = day_text(zone, now_ms + DUE_DAYS * DAY_MS, ""),
                            .amount = mem_strdup("186.50"),
                            .currency = mem_strdup(currency),
                            .fields = mem_strdup("{\"plate\": \"AB-1234\"}"),
                            .client_id = 1};
    out->appointment = (struct appointment){.id = 1,
                                            .ref = mem_strdup("A-31"),
                                            .title = mem_strdup("Brake check"),
                                            .starts = day_text(zone, now_ms + DAY_MS, "T15:00"),
                                            .ends = day_text(zone, now_ms + DAY_MS, "T16:00"),
                                            .status = mem_strdup(status),
                                            .client_id = 1};
    if (rule_on_answer(rule))
        out->answer =
            (struct answer){.id = 1,
                            .channel = mem_strdup("web"),
                            .text = mem_strdup("It took longer than promised."),
                            .score = mem_printf("%d", rule->below > 1 ? rule->below - 1 : 4),
                            .at = day_text(zone, now_ms, "T12:00:00Z"),
                            .client_id = 1,
                            .job_id = 1};
    out->staff = (struct staff){.id = 1,
                                .ref = mem_strdup("S-2"),
                                .name = mem_strdup("Jānis Bērziņš"),
                                .email = mem_strdup("janis.berzins@example.com"),
                                .phone = mem_strdup("+37120000002"),
                                .active = true};
}

/* What the tests of send/merge share: two children of one mother, due together. */
#ifndef TEST_SEND_MERGE_H
#define TEST_SEND_MERGE_H

#include "../support/shop.h"

#define SOON "[rule soon]\non = appointment starts\nwhen = 2 hours before\nmerge = 10 minutes\n"
#define SAY "{{client.name}}: {{appointment.title}}{{#also}} and {{appointment.title}}{{/also}}"

/* Rules whose templates say everything in one sentence. */
static void say(struct shop *s, const char *rule)
{
    char *sms = mem_printf("templates/%s/en.sms", rule);
    char *mail = mem_printf("templates/%s/en.email", rule);

    shop_file(s, sms, SAY);
    shop_file(s, mail, "Subject: Soon\n\n" SAY "\n");
    free(sms);
    free(mail);
}

/* Two children of one mother at 15:00; the reminders are due at 11:00 UTC. */
__attribute__((unused)) static struct shop *two_children_with(const char *business,
                                                              const char *playbook)
{
    struct shop *s = shop_open_with(business, playbook, "2026-12-01T09:00");

    shop_ilze(s);
    say(s, "soon");
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts, title) VALUES "
                "('a1', 1, '2026-12-08T15:00', 'Anna'), ('a2', 1, '2026-12-08T15:00', 'Bruno')");
    shop_look(s);
    return s;
}

__attribute__((unused)) static struct shop *two_children(const char *playbook)
{
    return two_children_with(SHOP_PLAIN, playbook);
}

#define WITH "SELECT id, state, leader_id, attempts FROM message ORDER BY id"

#endif

/*
 * betimes.conf: who the business is and how to reach the world. Read whole, checked whole, then
 * never changed; a reload makes a new one.
 */
#ifndef PLAYBOOK_SETTINGS_H
#define PLAYBOOK_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "plan/record.h"
#include "playbook/problems.h"
#include "time/hours.h"

#define SETTINGS_CAPS_MAX 4

/* "3 per day": at most `count` capped messages to one client in `period_ms`. */
struct cap {
    int count;
    int64_t period_ms;
};

struct business {
    char *name;
    char *language; /* BCP 47 */
    char *country;  /* ISO 3166, for numbers without a country code; NULL: none */
    char *currency; /* ISO 4217, for jobs that name none; NULL: none */
    char *phone, *email, *address, *web; /* for templates; NULL: none */
    struct hours_calendar calendar;      /* timezone, hours, holidays */
    bool has_hours;                      /* `hours` was given; otherwise always open */
    bool has_quiet;
    struct hours_daily quiet; /* default 21:00-08:00 */
    enum channel prefer[2];   /* default email, sms */
    size_t prefer_count;
    struct cap caps[SETTINGS_CAPS_MAX]; /* default 3 per day, 8 per week */
    size_t cap_count;
};

enum gateway_type { GATEWAY_SMTP, GATEWAY_SMS, GATEWAY_FILE };
enum gateway_tls { TLS_REQUIRED, TLS_NONE };
enum gateway_auth { AUTH_NONE, AUTH_PASSWORD, AUTH_XOAUTH2 };

/* A key of a gateway's section that belongs to its provider file (`sid`, `key`, ...). */
struct gateway_param {
    char *name, *value;
    int line;
};

struct gateway_settings {
    char *name;
    enum gateway_type type;
    int line;
    char *url;  /* smtp, smtps, http, https; NULL for GATEWAY_FILE */
    char *from; /* e-mail: "Name <address>"; SMS: number or sender name */
    char *reply_to;
    char *user;
    char *password; /* read from password-file; NULL: none. Wiped when freed. */
    enum gateway_auth auth;
    char *token_file; /* XOAUTH2: a file that holds the access token, read again for each login */
    enum gateway_tls tls;
    char *ca_file;      /* NULL: the system's */
    int connections;    /* at most so many at once; default 4 for SMTP, 16 for SMS */
    double rate;        /* messages a second; 0: as fast as it goes */
    int64_t timeout_ms; /* total deadline of one exchange; default 10 minutes for SMTP's answer
                           (RFC 5321, 4.5.3.2.6), 60 s for SMS */
    char *provider;     /* GATEWAY_SMS */
    bool reports;       /* it tells us what becomes of a text */
    struct str_list reports_from; /* ranges (base/net.h) that they come from; none: any */
    char *report_url; /* beginning of where it tells that, with a / at its end; NULL: nowhere */
    struct gateway_param *params;
    size_t param_count;
    char *path; /* GATEWAY_FILE: the folder */
    bool channels[CHANNEL_COUNT];
};

enum calendar_type { CALENDAR_FEED, CALENDAR_CALDAV, CALENDAR_FILE };

/* A calendar that others keep, and that we read. */
struct calendar_settings {
    char *name;
    enum calendar_type type;
    int line;
    char *url;                /* http or https; NULL for CALENDAR_FILE */
    char *path;               /* CALENDAR_FILE: of the file, absolute */
    char *user;               /* NULL: none */
    char *password;           /* likewise. Wiped when freed. */
    char *ca_file;            /* NULL: the system's */
    bool write_back;          /* CALENDAR_CALDAV: it is told what becomes of its visits */
    char *collection;         /* CALENDAR_CALDAV: which of several; NULL: there is but one */
    bool private_addresses;   /* it may be on this machine or in its network */
    int64_t interval_ms;      /* between two looks; default 15 minutes */
    struct str_list patterns; /* text/pattern.h */
    const struct zone *zone;  /* of times that name none; NULL: the business's */
    bool ignore_unnamed;      /* an event that names no client is none of ours */
};

struct channel_settings {
    struct str_list gateways; /* in their order; default: those whose type fits, in the file's */
    bool transliterate;       /* SMS */
    double price;             /* a segment, in the business's currency; 0: not known */
};

/* How a copied or restored database begins. */
enum database_copies { COPIES_PAUSE, COPIES_RUN };

struct settings {
    char *dir;  /* the folder of betimes.conf, absolute */
    char *file; /* its path */
    struct business business;
    struct gateway_settings *gateways;
    size_t gateway_count;
    struct calendar_settings *calendars; /* in the file's order */
    size_t calendar_count;
    struct channel_settings channels[CHANNEL_COUNT];
    char *database; /* path */
    char *ledger;   /* path of the send ledger */
    enum database_copies copies;
    char *templates;   /* folder */
    char *providers;   /* folder */
    char *playbook;    /* path */
    int blast_clients; /* [limits] blast = 50 clients; 0: none */
    int brake_times;   /* [limits] brake = 5 times; 0: none */
    char *web_listen, *web_url;
    struct str_list alert_to; /* [alert] to: mailboxes and numbers as written; none: nobody */
    enum channel alert_by;    /* the channel of first choice */
    int64_t retention_ms;     /* 0: for ever */
    uint64_t digest;          /* of what planning depends on, but for the holidays' file */
};

/* Read DIR/betimes.conf. Everything that is wrong goes into `problems`; NULL when at least one
 * error is among them. Free with settings_free. */
struct settings *settings_read(const char *dir, struct problems *problems);
void settings_free(struct settings *s);

/* The gateway of this name; NULL: none. Lives as long as `s`. */
const struct gateway_settings *settings_gateway(const struct settings *s, const char *name);

/* The calendar of this name, likewise. */
const struct calendar_settings *settings_calendar(const struct settings *s, const char *name);

/* Is some calendar told what becomes of its visits? */
bool settings_write_back(const struct settings *s);

/* A copy that lives for itself; close it with calendar_settings_close. */
void calendar_settings_copy(struct calendar_settings *out, const struct calendar_settings *c);
void calendar_settings_close(struct calendar_settings *c);

/* A fingerprint of where it is and how it is read. */
uint64_t calendar_settings_digest(const struct calendar_settings *c);

#endif

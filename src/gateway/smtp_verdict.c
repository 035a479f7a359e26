/*
 * The verdict on an SMTP transaction.
 *
 * Before the point of no return nothing can have been accepted: a 5xx to MAIL, RCPT or DATA is
 * final, everything else is RETRY, and trouble of the gateway unless the recipient had been named.
 * After it only a whole reply counts: 2xx (and nothing amiss) SENT, 4xx RETRY, 5xx REJECTED, all
 * else UNKNOWN.
 */
#include "gateway/smtp_verdict.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include "base/str.h"
#include "gateway/backend.h"

/* RFC 3463: class "." subject "." detail, one to three digits each but for the class. */
static size_t enhanced_len(const char *s, size_t len)
{
    size_t i = 0;

    if (len < 5 || (s[0] != '2' && s[0] != '4' && s[0] != '5'))
        return 0;
    i++;
    for (int part = 0; part < 2; part++) {
        size_t digits = 0;
        if (i >= len || s[i] != '.')
            return 0;
        for (i++; i < len && isdigit((unsigned char)s[i]) && digits < 3; i++)
            digits++;
        if (digits == 0)
            return 0;
    }
    return i == len || s[i] == ' ' ? i : 0;
}

static bool is_id_char(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '.' || c == '_';
}

/* "queued as 4Xk2f1" (Postfix), "id=1rAbCd-000123" (Exim): handy to find the mail in their log. */
static void find_queue_id(struct smtp_replies *r, const char *s, size_t len)
{
    static const char *const marks[] = {"queued as ", "id="};

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        size_t n = 0;
        const char *at = memmem(s, len, marks[i], strlen(marks[i]));
        if (at == NULL)
            continue;
        at += strlen(marks[i]);
        while (at + n < s + len && is_id_char(at[n]) && n < sizeof(r->queue_id) - 1)
            n++;
        memcpy(r->queue_id, at, n);
        r->queue_id[n] = '\0';
        return;
    }
}

bool smtp_replies_line(struct smtp_replies *r, const char *line, size_t len, bool past_point)
{
    while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
        len--;
    if (++r->lines > SMTP_REPLY_LINES_MAX || len < 3 || !isdigit((unsigned char)line[0]) ||
        !isdigit((unsigned char)line[1]) || !isdigit((unsigned char)line[2]) ||
        (len > 3 && line[3] != ' ' && line[3] != '-')) {
        r->garbage = true;
        return false;
    }
    if ((len > 3 && line[3] == '-') || memcmp(line, "221", 3) == 0) /* 221: the answer to a QUIT */
        return true;
    r->code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    const char *text = len > 3 ? line + 4 : line + len;
    size_t left = (size_t)(line + len - text);
    size_t n = enhanced_len(text, left);
    if (n >= sizeof(r->enhanced))
        n = 0;
    memcpy(r->enhanced, text, n);
    r->enhanced[n] = '\0';
    if (past_point) {
        r->final_code = r->code;
        if (r->code / 100 == 2)
            find_queue_id(r, text, left);
    }
    return true;
}

/* Is a 5xx about the recipient itself? With an enhanced code: bad address (X.1.x) or a mailbox that
 * is closed for good (5.2.1), but not our own sender's fault (5.1.7, 5.1.8) nor policy (5.7.x, such
 * as a relay that was not opened for us). Without one: RFC 5321's words for 550, 551 and 553. */
static bool about_recipient(const struct smtp_replies *r)
{
    if (r->enhanced[0] != '\0')
        return (str_starts(r->enhanced, "5.1.") && strcmp(r->enhanced, "5.1.7") != 0 &&
                strcmp(r->enhanced, "5.1.8") != 0) ||
               strcmp(r->enhanced, "5.2.1") == 0;
    return r->code == 550 || r->code == 551 || r->code == 553;
}

/* 530, 534, 535, 538: RFC 4954's and RFC 3207's ways to say "log in, or use TLS, first". */
static bool about_login(int code)
{
    return code == 530 || code == 534 || code == 535 || code == 538;
}

static const char *space(const struct smtp_replies *r)
{
    return r->enhanced[0] != '\0' ? " " : "";
}

static void after_point(const struct smtp_seen *seen, struct gateway_result *out)
{
    const struct smtp_replies *r = &seen->replies;
    int code = r->final_code;

    if (seen->rc == CURLE_OK && code / 100 == 2) {
        result_set(out, OUTCOME_SENT, code, "accepted: %d%s%s", code, space(r), r->enhanced);
        snprintf(out->provider_id, sizeof(out->provider_id), "%s", r->queue_id);
    } else if (code / 100 == 4) {
        result_set(out, OUTCOME_RETRY, code, "not accepted now: %d%s%s", code, space(r),
                   r->enhanced);
        out->gateway_trouble = code == 421;
    } else if (code / 100 == 5) {
        result_set(out, OUTCOME_REJECTED, code, "refused after the message: %d%s%s", code, space(r),
                   r->enhanced);
        out->address_refused = r->enhanced[0] != '\0' && about_recipient(r);
    } else {
        const char *why = r->garbage                             ? "an answer that is none"
                          : seen->rc == CURLE_OPERATION_TIMEDOUT ? "no answer in time"
                          : code != 0 ? "an answer that means nothing here"
                                      : "the connection ended";
        result_set(out, OUTCOME_UNKNOWN, code, "after the whole message: %s", why);
    }
}

static void refused(const struct smtp_seen *seen, struct gateway_result *out)
{
    static const char *const what[] = {
        [SMTP_AT_MAIL] = "the sender",
        [SMTP_AT_RCPT] = "the recipient",
        [SMTP_AT_DATA] = "to take a message",
    };
    const struct smtp_replies *r = &seen->replies;
    bool final = r->code / 100 == 5 && !about_login(r->code);

    result_set(out, final ? OUTCOME_REJECTED : OUTCOME_RETRY, r->code, "refused %s%s: %d%s%s",
               what[seen->stage], final ? "" : " for now", r->code, space(r), r->enhanced);
    out->address_refused = final && seen->stage == SMTP_AT_RCPT && about_recipient(r);
    /* 552: larger than they take; that is about this message only. */
    out->gateway_trouble =
        r->code == 421 || about_login(r->code) || (seen->stage == SMTP_AT_MAIL && r->code != 552);
}

static void before_point(const struct smtp_seen *seen, struct gateway_result *out)
{
    const struct smtp_replies *r = &seen->replies;

    if (seen->stage != SMTP_BEFORE && r->code >= 400) {
        refused(seen, out);
        return;
    }
    if (seen->asked) {
        result_set(out, OUTCOME_RETRY, 0, "broken off before the last bytes of the message");
        return;
    }
    if (seen->rc == CURLE_LOGIN_DENIED)
        result_set(out, OUTCOME_RETRY, r->code, "login refused: %d%s%s", r->code, space(r),
                   r->enhanced);
    else if (r->garbage)
        result_set(out, OUTCOME_RETRY, 0, "the server does not speak SMTP");
    else
        result_set(out, OUTCOME_RETRY, r->code >= 400 ? r->code : 0, "no mail connection: %s",
                   seen->error[0] != '\0' ? seen->error : curl_easy_strerror((CURLcode)seen->rc));
    out->gateway_trouble = true;
}

void smtp_verdict(const struct smtp_seen *seen, struct gateway_result *result)
{
    if (seen->past_point)
        after_point(seen, result);
    else
        before_point(seen, result);
}

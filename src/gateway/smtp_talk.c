/*
 * An SMTP transaction. See gateway/smtp_talk.h.
 *
 * The happy path: the commands go out, at once if the server can take that, each is answered with
 * 2xx, DATA with 354; the message goes out but for its last TAIL_BYTES; the point of no return is
 * noted; the tail and the final dot go out; the server says 2xx.
 *
 * When things fail: the first reply that is not as expected ends it, with the stage it was given
 * at; what the server may still say to commands that went out with it is never read, since the
 * connection is not used again. A reply that comes while the bytes are still going out ends it,
 * too: some servers say "too big" and listen no more.
 */
#include "gateway/smtp_talk.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fault.h"

/* Held back until the point is noted: most mails go out whole. */
#define TAIL_BYTES 16384
#define COMMAND_MAX (SMTP_ADDRESS_MAX + 16)

struct mail {
    struct smtp_talk *t;
    int64_t deadline_us;
    struct smtp_seen *seen;
};

void smtp_talk_init(struct smtp_talk *t)
{
    *t = (struct smtp_talk){.fd = -1};
    buf_init(&t->out);
}

void smtp_talk_close(struct smtp_talk *t)
{
    buf_close(&t->out);
}

void smtp_talk_begin(struct smtp_talk *t, CURL *curl, int fd, bool pipelines)
{
    t->curl = curl;
    t->fd = fd;
    t->pipelines = pipelines;
    t->in_len = 0;
    t->drained = true;
}

static bool fail(struct mail *mail, CURLcode rc, const char *error)
{
    mail->seen->rc = rc;
    mail->seen->error = error;
    return false;
}

static bool lost(struct mail *mail)
{
    return fail(mail, CURLE_RECV_ERROR, "the connection ended");
}

/* Wait until one of `events` can be done; *happened: what came. */
static bool wait_for(struct mail *mail, short events, short *happened)
{
    struct pollfd p = {.fd = mail->t->fd, .events = events};
    int n;

    do {
        int64_t left_ms = (mail->deadline_us - clock_mono_us() + 999) / 1000;
        if (left_ms <= 0)
            return fail(mail, CURLE_OPERATION_TIMEDOUT, "no answer in time");
        n = poll(&p, 1, left_ms < INT32_MAX ? (int)left_ms : INT32_MAX);
    } while (n == 0 || (n < 0 && errno == EINTR));
    *happened = p.revents;
    return n > 0 ? true : lost(mail);
}

/* --- what the server says --- */

static bool receive(struct mail *mail)
{
    struct smtp_talk *t = mail->t;
    size_t room = sizeof(t->in) - t->in_len, n = 0;
    short happened;

    if (room == 0) {
        mail->seen->replies.garbage = true;
        return fail(mail, CURLE_WEIRD_SERVER_REPLY, "a line without end");
    }
    for (;;) {
        /* What came within one record of TLS is with libcurl already, and no poll tells of it. */
        if (t->drained && !wait_for(mail, POLLIN, &happened))
            return false;
        CURLcode rc = curl_easy_recv(t->curl, t->in + t->in_len, room, &n);
        t->drained = rc == CURLE_AGAIN || n < room;
        if (rc == CURLE_OK && n > 0)
            break;
        if (rc != CURLE_AGAIN)
            return lost(mail);
    }
    t->in_len += n;
    return true;
}

/* Take in a whole reply, of however many lines. Its code is in `replies`. */
static bool read_reply(struct mail *mail)
{
    struct smtp_talk *t = mail->t;
    struct smtp_replies *replies = &mail->seen->replies;
    bool more = true;

    replies->code = 0;
    while (more) {
        const char *end = memchr(t->in, '\n', t->in_len);
        if (end == NULL) {
            if (!receive(mail))
                return false;
            continue;
        }
        size_t len = (size_t)(end + 1 - t->in);
        fault_point("smtp-reply");
        if (!smtp_replies_line(replies, t->in, len, mail->seen->past_point))
            return fail(mail, CURLE_WEIRD_SERVER_REPLY, "an answer that is none");
        more = len > 3 && t->in[3] == '-';
        memmove(t->in, t->in + len, t->in_len - len);
        t->in_len -= len;
    }
    return true;
}

/* --- what we say --- */

static bool send_all(struct mail *mail, const char *data, size_t len)
{
    struct smtp_talk *t = mail->t;

    while (len > 0) {
        size_t n = 0;
        short happened;
        CURLcode rc = curl_easy_send(t->curl, data, len, &n);
        if (rc != CURLE_OK && rc != CURLE_AGAIN)
            return fail(mail, CURLE_SEND_ERROR, "the connection ended");
        data += n;
        len -= n;
        if (len == 0 || n > 0)
            continue;
        if (!wait_for(mail, POLLOUT | POLLIN, &happened))
            return false;
        if ((happened & POLLIN) != 0)
            return read_reply(mail) && fail(mail, CURLE_SEND_ERROR, "refused before its end");
    }
    return true;
}

static bool expect(struct mail *mail, enum smtp_stage stage)
{
    const struct smtp_replies *r = &mail->seen->replies;

    mail->seen->stage = stage;
    if (!read_reply(mail))
        return false;
    if (stage == SMTP_AT_DATA ? r->code == 354 : r->code / 100 == 2)
        return true;
    return fail(mail, CURLE_WEIRD_SERVER_REPLY, "an answer that means nothing here");
}

static bool commands(struct mail *mail, const struct gateway_message *m)
{
    char words[3][COMMAND_MAX];
    static const enum smtp_stage stages[] = {SMTP_AT_MAIL, SMTP_AT_RCPT, SMTP_AT_DATA};
    struct buf *out = &mail->t->out;
    bool fine = true;

    snprintf(words[0], COMMAND_MAX, "MAIL FROM:<%s>\r\n", m->from);
    snprintf(words[1], COMMAND_MAX, "RCPT TO:<%s>\r\n", m->to);
    snprintf(words[2], COMMAND_MAX, "DATA\r\n");
    if (mail->t->pipelines) {
        buf_clear(out);
        for (int i = 0; i < 3; i++)
            buf_puts(out, words[i]);
        mail->seen->stage = SMTP_AT_MAIL;
        fine = send_all(mail, out->data, out->len);
    }
    for (int i = 0; fine && i < 3; i++) {
        mail->seen->stage = stages[i];
        if (!mail->t->pipelines)
            fine = send_all(mail, words[i], strlen(words[i]));
        fine = fine && expect(mail, stages[i]);
    }
    return fine;
}

/* A dot that begins a line is doubled, and a dot by itself follows (RFC 5321, 4.5.2). */
static void stuff(struct buf *out, const char *data, size_t len)
{
    const char *end = data + len, *dot;

    buf_clear(out);
    if (len > 0 && data[0] == '.')
        buf_puts(out, ".");
    while ((dot = memmem(data, (size_t)(end - data), "\n.", 2)) != NULL) {
        buf_append(out, data, (size_t)(dot + 2 - data));
        buf_puts(out, ".");
        data = dot + 2;
    }
    buf_append(out, data, (size_t)(end - data));
    buf_puts(out, out->len >= 2 && memcmp(out->data + out->len - 2, "\r\n", 2) == 0 ? ".\r\n"
                                                                                    : "\r\n.\r\n");
}

static bool bytes(struct mail *mail, const struct gateway_message *m, smtp_point_cb point,
                  void *arg)
{
    struct buf *out = &mail->t->out;
    struct smtp_seen *seen = mail->seen;

    stuff(out, m->data, m->len);
    size_t head = out->len > TAIL_BYTES ? out->len - TAIL_BYTES : 0;
    fault_point("smtp-body");
    if (!send_all(mail, out->data, head))
        return false;
    seen->asked = true;
    seen->past_point = point(arg);
    if (!seen->past_point)
        return fail(mail, CURLE_ABORTED_BY_CALLBACK, "broken off");
    return send_all(mail, out->data + head, out->len - head) && expect(mail, SMTP_AT_DOT);
}

void smtp_talk_mail(struct smtp_talk *t, const struct gateway_message *m, int64_t deadline_us,
                    smtp_point_cb point, void *arg, struct smtp_seen *seen)
{
    struct mail mail = {.t = t, .deadline_us = deadline_us, .seen = seen};

    *seen = (struct smtp_seen){.rc = CURLE_OK, .error = ""};
    if (commands(&mail, m))
        bytes(&mail, m, point, arg);
}

bool smtp_talk_quiet(const struct smtp_talk *t)
{
    char byte;

    return t->in_len == 0 && recv(t->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
}

void smtp_talk_quit(struct smtp_talk *t)
{
    size_t n;

    curl_easy_send(t->curl, "QUIT\r\n", 6, &n);
}

/* gateway/file: a Maildir that Python's own mailbox module reads, and texts as files. */
#include "harness.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>

static const char mail[] = "Subject: Ready\r\n\r\nYour car is ready.\r\n";

static void set_up(struct trial *t, const char *path)
{
    trial_init(t);
    t->settings.type = GATEWAY_FILE;
    t->settings.path = (char *)path;
}

static struct gateway_message message(int64_t id, enum channel channel)
{
    bool email = channel == CHANNEL_EMAIL;

    return (struct gateway_message){
        .id = id,
        .channel = channel,
        .from = email ? "hello@garage.example" : "Garage",
        .to = email ? "you@client.example" : "+37121111111",
        .data = email ? mail : "Jūsu auto ir gatavs.\nPaldies!",
        .len = email ? sizeof(mail) - 1 : strlen("Jūsu auto ir gatavs.\nPaldies!"),
        .token = "0123456789abcdef0123456789abcdef",
    };
}

static char *path_in(const char *name)
{
    return mem_printf("%s/%s", folder, name);
}

static int count_in(const char *path)
{
    DIR *d = opendir(path);
    int count = 0;

    assert_non_null(d);
    for (const struct dirent *e; (e = readdir(d)) != NULL;)
        count += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    return count;
}

static void mail_becomes_a_maildir_others_can_read(void **state)
{
    char *path = path_in("maildir");
    struct str_list names = {0};
    struct trial t;
    struct buf got;

    set_up(&t, path);
    trial_open(&t, NULL);
    for (int64_t id = 1; id <= 3; id++) {
        struct gateway_message m = message(id, CHANNEL_EMAIL);
        const struct gateway_result *r = trial_one(&t, &m);
        assert_int_equal(r->outcome, OUTCOME_SENT);
        assert_true(r->provider_id[0] != '\0');
    }
    assert_int_equal(t.points, 3);
    trial_close(&t, 1000);

    char *new = path_in("maildir/new"), *tmp = path_in("maildir/tmp");
    assert_int_equal(fs_list(new, &names, NULL), 0);
    assert_int_equal(names.count, 3);
    assert_int_equal(count_in(tmp), 0);
    char *first = fs_join(new, names.items[0]);
    buf_init(&got);
    assert_int_equal(fs_read(first, 1000, &got, NULL), 0);
    assert_string_equal(got.data, mail);
    char *command = mem_printf("/usr/bin/python3 -c \"import mailbox; b = mailbox.Maildir('%s', "
                               "create=False); assert len(b) == 3; assert all(m['Subject'] == "
                               "'Ready' and m.get_subdir() == 'new' for m in b)\"",
                               path);
    assert_int_equal(system(command), 0);
    free(command);
    free(first);
    buf_close(&got);
    str_list_close(&names);
    free(new);
    free(tmp);
    free(path);
}

static void a_text_becomes_one_file(void **state)
{
    char *path = path_in("texts"), *sms = path_in("texts/sms");
    struct gateway_message m = message(7, CHANNEL_SMS);
    struct str_list names = {0};
    struct trial t;
    struct buf got;

    set_up(&t, path);
    trial_open(&t, NULL);
    assert_int_equal(trial_one(&t, &m)->outcome, OUTCOME_SENT);
    trial_close(&t, 0);
    assert_int_equal(fs_list(sms, &names, NULL), 0);
    assert_int_equal(names.count, 1);
    assert_true(str_ends(names.items[0], "Z-7.txt"));
    char *file = fs_join(sms, names.items[0]);
    buf_init(&got);
    assert_int_equal(fs_read(file, 1000, &got, NULL), 0);
    assert_string_equal(got.data,
                        "To: +37121111111\nFrom: Garage\n\nJūsu auto ir gatavs.\nPaldies!\n");
    buf_close(&got);
    str_list_close(&names);
    free(file);
    free(sms);
    free(path);
}

static void what_a_close_overtakes_is_written_whole_or_not_at_all(void **state)
{
    char *path = path_in("nothing"), *new = path_in("nothing/new");
    struct gateway_message m[50];
    struct trial t;
    size_t sent = 0;

    set_up(&t, path);
    trial_open(&t, NULL);
    for (int i = 0; i < 50; i++) {
        m[i] = message(i + 1, CHANNEL_EMAIL);
        trial_send(&t, &m[i]);
    }
    trial_close(&t, 0);
    assert_int_equal(t.done, 50);
    for (int i = 0; i < 50; i++)
        sent += t.results[i + 1].outcome == OUTCOME_SENT;
    assert_int_equal(count_in(new), sent);
    free(new);
    free(path);
}

static void a_disk_that_is_full_leaves_nothing_behind(void **state)
{
    struct gateway_message m = message(1, CHANNEL_EMAIL);
    char *path = path_in("full"), *tmp = path_in("full/tmp"), *new = path_in("full/new");
    struct rlimit before, none;
    struct trial t;

    set_up(&t, path);
    trial_open(&t, NULL);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    none = before;
    none.rlim_cur = 10; /* bytes a file: the write fails as on a full disk */
    setrlimit(RLIMIT_FSIZE, &none);
    const struct gateway_result *r = trial_one(&t, &m);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(r->outcome, OUTCOME_RETRY);
    assert_true(r->gateway_trouble);
    assert_null(strstr(r->detail, folder));
    assert_int_equal(count_in(tmp), 0);
    assert_int_equal(count_in(new), 0);
    assert_int_equal(trial_one(&t, &m)->outcome, OUTCOME_SENT);
    trial_close(&t, 0);
    free(path);
    free(tmp);
    free(new);
}

static void headers_cannot_be_smuggled_in(void **state)
{
    char *path = path_in("smuggle");
    struct gateway_message m = message(1, CHANNEL_SMS);
    struct trial t;

    set_up(&t, path);
    trial_open(&t, NULL);
    m.to = "+371\nFrom: somebody";
    assert_int_equal(gateway_send(t.gateway, &m), ERR_INVALID);
    m = message(1, CHANNEL_TASK);
    assert_int_equal(gateway_send(t.gateway, &m), ERR_INVALID);
    trial_close(&t, 0);
    free(path);
}

static void a_folder_that_cannot_be_made_is_told(void **state)
{
    char *path = path_in("a-file");
    struct err err = {0};
    struct trial t;

    assert_int_equal(fs_create(path, "x", 1, 0600, NULL), 0);
    set_up(&t, path);
    assert_null(gateway_create(&t.loop, &t.settings, NULL, &t.hooks, &err));
    assert_non_null(strstr(err.text, "gateway trial: "));
    assert_non_null(strstr(err.text, path));
    t.settings.path = NULL;
    assert_null(gateway_create(&t.loop, &t.settings, NULL, &t.hooks, &err));
    trial_drop(&t);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mail_becomes_a_maildir_others_can_read),
        cmocka_unit_test(a_text_becomes_one_file),
        cmocka_unit_test(what_a_close_overtakes_is_written_whole_or_not_at_all),
        cmocka_unit_test(a_disk_that_is_full_leaves_nothing_behind),
        cmocka_unit_test(headers_cannot_be_smuggled_in),
        cmocka_unit_test(a_folder_that_cannot_be_made_is_told),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

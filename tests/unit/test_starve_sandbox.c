/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox without memory. */
#include <uv.h>

#include "api/server.h"
#include "cmd/check_env.h"
#include "cmd/check_print.h"
#include "cmd/doctor_table.h"
#include "cmd/event_values.h"
#include "cmd/gather.h"
#include "cmd/payloads.h"
#include "deploy/check.h"
#include "deploy/closure.h"
#include "deploy/closure_folders.h"
#include "deploy/package.h"
#include "elf_build.h"
#include "env/credentials.h"
#include "env/fault.h"
#include "env/lines.h"
#include "env/loglines.h"
#include "env/profile.h"
#include "jail/filter.h"
#include "jail/jail.h"
#include "launch/output.h"
#include "pack/unzip.h"
#include "pack_work.h"
#include "starve.h"

#define MIB (1024ull * 1024)

static int assemble(struct err *err)
{
    struct filter filter = {0};
    int failed = filter_open(&filter, POLICY_PATH, -1, err);
    filter_close(&filter);
    return failed;
}

static int read_settings(struct err *err)
{
    static const char lines[] = "NAME=value\nOTHER=text\nNAME=again\n";
    static const char keys[] = "[default]\naws_access_key_id = a\naws_secret_access_key = b\n";
    struct settings s = {0};
    struct vars_block block = {0};
    int failed =
        settings_init(&s, err) || settings_set_rootfs(&s, "/", err) == 0 || err->kind == ERR_MEMORY;
    if (!failed) {
        *err = (struct err){0};
        failed = vars_add(&s.vars, "FIRST=1", err) ||
                 vars_add_lines(&s.vars, lines, sizeof lines - 1, err) ||
                 vars_check(&s.vars, err) ||
                 credentials_parse(&s, keys, sizeof keys - 1, "keys", err) ||
                 vars_block_init(&block, &s, "127.0.0.1:9001", "stream", err);
        if (!failed)
            vars_block_fini(&block);
    }
    settings_fini(&s);
    return failed ? -1 : 0;
}

static int read_payloads(struct err *err)
{
    struct payloads p = {0};
    write_file(at("event.json"), "{\"a\":1}", 7);
    int failed = payloads_add(&p, at("event.json"), err) || payloads_add(&p, "/dev/null", err) ||
                 payloads_read(&p, -1, err);
    payloads_fini(&p);
    return failed ? -1 : 0;
}

static int make_event(const struct event_source *source, int argc, char **argv, struct err *err)
{
    struct event_values v = {0};
    struct buf out;
    buf_init(&out, 100000);
    int failed = event_values_read(source, argc, argv, &v, err);
    if (!failed) {
        source->record(&v, 1, &out);
        failed = buf_check(&out, "an event", err);
    }
    CHECK(failed || memcmp(out.ptr + out.len - 1, "}", 1) == 0);
    buf_free(&out);
    event_values_fini(&v);
    return failed;
}

static int make_events(struct err *err)
{
    char body[PATH_MAX + 16];
    char *argv[] = {body, (char[]){"attribute.a=1"}, (char[]){"queue=a.fifo"}};
    write_file(at("body"), "text", 4);
    snprintf(body, sizeof body, "body=@%s", at("body"));
    return make_event(&event_sqs, 3, argv, err) || make_event(&event_s3_put, 0, NULL, err) ||
                   make_event(&event_kinesis, 0, NULL, err)
               ? -1
               : 0;
}

static int print_texts(struct err *err)
{
    static struct settings s;
    static struct doctor_row rows[] = {
        {"memory", "of all processes", true, {false, "", "run it as root: \x1b[31m"}}};
    static const struct doctor_report report = {"root", "Linux 6.1", rows, 1};
    const struct loglines l = {&s, "stream"};
    struct report r = {.request_id = "id", .status = LOGLINES_TIMEOUT};
    struct fault f = {.kind = FAULT_KIND_SIGNAL, .code = 11};
    AUTO_BUF struct buf out;
    buf_init(&out, 1u << 20);
    if (settings_init(&s, err) < 0)
        return settings_fini(&s), -1;
    if (doctor_print_json(&report, &out, err) < 0)
        return settings_fini(&s), -1;
    doctor_print_table(&report, true, &out);
    loglines_start(&l, 0, "id", &out);
    loglines_report(&l, 0, &r, &out);
    fault_payload(&f, "id", &out);
    output_answer_line("{ \"a\" : 1 }", 11, &out);
    output_add_visible("\x1b\xff", 2, &out);
    settings_fini(&s);
    return buf_check(&out, "texts", err);
}

static int judge_environment(struct check_env *env, struct err *err)
{
    static const char *const assignments[] = {"GOOD=1", "AWS_REGION=x", "1=x"};
    for (size_t i = 0; i < ARRAY_LEN(assignments); i++)
        if (check_env_add(env, assignments[i], err) < 0)
            return -1;
    return check_env_weigh(env, err);
}

static int print_check(struct err *err)
{
    static struct check_env env;
    static const struct check_report report = {.profile = "al2", .glibc = "2.34"};
    AUTO_BUF struct buf out;
    buf_init(&out, 1u << 20);
    memset(&env, 0, sizeof env);
    int status = judge_environment(&env, err);
    const struct check_sight sight = {"f.zip", &report, env.findings, env.count};
    if (status == 0)
        status = check_print_json(&sight, &out, err);
    check_print_text(&sight, 60, true, &out);
    check_env_fini(&env);
    return status < 0 ? -1 : buf_check(&out, "a check", err);
}

static void on_lines(void *owner, const char *text, size_t len)
{
    (void)owner;
    CHECK(len && text[len - 1] == '\n');
}

/* What cannot be kept is lost, what follows is not. */
static int feed_lines(struct err *err)
{
    struct lines lines;
    (void)err;
    lines_init(&lines);
    for (int i = 0; i < 3; i++) {
        static char part[3000];
        memset(part, 'x', sizeof part);
        lines_feed(&lines, part, sizeof part, on_lines, NULL);
        lines_feed(&lines, "end\nand", 7, on_lines, NULL);
    }
    lines_flush(&lines, on_lines, NULL);
    lines_fini(&lines);
    return 0;
}

static int unpack(struct err *err)
{
    const struct zip_entry entries[] = {
        {.name = "bootstrap", .data = "one", .mode = S_IFREG | 0755, .method = ZIP_DEFLATED},
        {.name = "a/link", .data = "../bootstrap", .mode = S_IFLNK | 0777},
        {0}};
    static struct zip_build *z;
    if (!z) {
        long left = starve_left;
        starve_left = -1;
        z = zip_of(entries);
        starve_left = left;
    }
    CHECK(mkdir(at("out"), 0755) == 0);
    int zip = zip_memfd(z->bytes, z->len),
        out = open(at("out"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int64_t total = unzip_into(zip, out, err);
    close(zip);
    close(out);
    long left = starve_left;
    starve_left = -1;
    CHECK_INT(nftw(at("out"), remove_one, 64, FTW_DEPTH | FTW_PHYS), 0);
    starve_left = left;
    return total < 0 ? -1 : 0;
}

static int open_pack(struct err *err)
{
    static int made;
    struct pack p;
    char name[32];
    struct pack_options o = {.cache_dir = at("cache")};
    snprintf(name, sizeof name, "%d.zip", ++made);
    long left = starve_left;
    starve_left = -1;
    write_simple(at(name), name);
    starve_left = left;
    if (pack_open(&p, at(name), &o, err) < 0)
        return -1;
    pack_close(&p);
    return 0;
}

static int open_server(struct err *err)
{
    static const struct env_events events;
    uv_loop_t loop;
    CHECK_INT(uv_loop_init(&loop), 0);
    struct server_options o = {
        .loop = &loop, .listen_fd = -1, .address = "127.0.0.1", .events = &events};
    struct server *s = server_open(&o, err);
    server_close(s);
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK_INT(uv_loop_close(&loop), 0);
    return s ? 0 : -1;
}

static char disk[] = "/var/tmp/clambda-starve-XXXXXX"; /* where the template of a /tmp may be */

static int open_jail(struct err *err)
{
    struct jail_spec spec = {.hostname = "169.254.7.8",
                             .user_name = "sbx_user1051",
                             .uid = 993,
                             .gid = 990,
                             .limits = {128 * MIB, 64 * MIB, 72, 64, 1024},
                             .network = JAIL_NETWORK_NONE,
                             .policy_path = POLICY_PATH,
                             .cache_dir = disk,
                             .relax = (1u << JAIL_LIMIT_COUNT) - 1};
    struct jail *jail = jail_open(&spec, err);
    struct err closed = {0};
    jail_close(jail, &closed);
    CHECK_STR(closed.msg, "");
    return jail ? 0 : -1;
}

static int write_package(struct err *err)
{
    struct gather g = {0};
    struct package_size size;
    struct package_identity id;
    write_file(at("data"), "1", 1);
    mkdir(at("sub"), 0755);
    write_file(at("sub/data"), "2", 1);
    int failed = gather_path(&g, at("sub"), "etc", err) ||
                 gather_path(&g, at("data"), "bootstrap", err) ||
                 package_identify(at("data"), &id, err) ||
                 package_write_zip(at("package.zip"), g.files, g.count, &size, err);
    gather_fini(&g);
    return failed ? -1 : 0;
}

/* On a base, so that nothing of this host is compressed again and again. */
static int write_image(struct err *err)
{
    static const char *const words[] = {"A=1", NULL};
    struct package_size size;
    const struct package_file file = {at("data"), "var/task/data", false};
    const struct package_image image = {
        .dir = at("image"),
        .tag = "latest",
        .base = at("base:one"),
        .arch = ELF_ARCH_X86_64,
        .files = &file,
        .nfiles = 1,
        .entry = words,
        .command = words,
        .env = words,
        .env_default = words,
        .working_dir = "/",
    };
    return package_write_image(&image, &size, err);
}

/* A zip on top of a folder as its layer, with ELF files, a script, links and something wrong. */
static void make_checked(void)
{
    static struct elf_build build;
    struct zip_build *zip = calloc(1, sizeof *zip);
    elf_build_sample(&build, 4);
    CHECK(mkdir(at("layer"), 0755) == 0 && mkdir(at("layer/lib"), 0755) == 0);
    write_file(at("layer/lib/libsample.so.1"), build.bytes, build.len);
    CHECK_INT(symlink("libsample.so.1", at("layer/lib/libc.so.6")), 0);
    elf_build_sample(&build, 11);
    zip_add(zip, &(struct zip_entry){
                     .name = "tool", .data = build.bytes, .data_len = build.len, .mode = 0755});
    zip_add(zip, &(struct zip_entry){.name = "bootstrap", .data = "#!/bin/none\n"});
    zip_add(zip, &(struct zip_entry){.name = "../x"});
    zip_finish(zip);
    write_file(at("checked.zip"), zip->bytes, zip->len);
    free(zip);
}

static int check_package(struct err *err)
{
    const char *const layer = at("layer");
    const struct profile *profile = profile_find("al2");
    const struct check_request request = {.path = at("checked.zip"),
                                          .layers = &layer,
                                          .nlayers = 1,
                                          .profile = profile->name,
                                          .library_path = profile->library_path,
                                          .program_path = profile->path};
    struct check_report *report = check_run(&request, err);
    CHECK(!report || (report->nerrors > 3 && report->nelf == 2));
    check_free(report);
    return report ? 0 : -1;
}

static void make_base(void)
{
    struct err err = {0};
    struct package_size size;
    write_file(at("data"), "1", 1);
    const struct package_file file = {at("data"), "data", false};
    const struct package_image image = {
        .dir = at("base"), .tag = "one", .arch = ELF_ARCH_X86_64, .files = &file, .nfiles = 1};
    CHECK_INT(package_write_image(&image, &size, &err), 0);
    CHECK_STR(err.msg, "");
}

static int find_libraries(struct err *err)
{
    struct closure c;
    const struct package_file file = {"/proc/self/exe", "var/task/program", true};
    int failed = closure_find(&c, "", elf_arch_host(), &file, 1, err);
    closure_free(&c);
    return failed;
}

static const struct starve_row rows[] = {
    {"assemble a policy", assemble, 0},
    {"settings", read_settings, 0},
    {"events from files", read_payloads, 0},
    {"made events", make_events, 0},
    {"texts", print_texts, 0},
    {"a check", print_check, 0},
    {"check a package", check_package, 0},
    {"lines of a function", feed_lines, 0},
    {"unpack a zip", unpack, 0},
    {"take a zip", open_pack, 0},
    {"write a package", write_package, 0},
    {"write an image", write_image, 0},
    {"find a program's libraries", find_libraries, 0},
    {"serve the Runtime API", open_server, 1u << ERR_SYSTEM},
};

static void test_all(void)
{
    start();
    make_base();
    make_checked();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        starve_run(&rows[i]);
    end();
}

static void test_jail(void)
{
    static const struct starve_row row = {"open a jail", open_jail, 0};
    struct err err = {0};
    if (geteuid() != 0) {
        check_skip("a jail that has everything needs root");
        return;
    }
    CHECK(mkdtemp(disk) != NULL);
    if (open_jail(&err) == 0)
        starve_run(&row);
    else
        check_skip(err.msg);
    CHECK_INT(nftw(disk, remove_one, 64, FTW_DEPTH | FTW_PHYS), 0);
}

static const struct check_test tests[] = {{"every allocation fails", test_all},
                                          {"of a jail", test_jail}};
CHECK_MAIN(tests)

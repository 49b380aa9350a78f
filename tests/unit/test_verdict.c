/* SPDX-License-Identifier: Apache-2.0 */
/* Packages and what check_run says of them. Each row is looked at as a zip and as a folder. */
#include "deploy/check.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>

#include "check.h"
#include "deploy/check_state.h"
#include "env/profile.h"
#include "lambda.h"
#include "verdict.h"
#include "zip_build.h"

/* ---- making packages ----------------------------------------------------------------------- */

static char work[64];
static struct elf_build build;

static const char *content_of(const struct file *f, size_t *out_len)
{
    if (f->elf) {
        elf_build_file(&build, f->elf);
        *out_len = build.len;
        return build.bytes;
    }
    *out_len = f->text ? strlen(f->text) : 0;
    return f->text ? f->text : "";
}

static void write_bytes(const char *path, const char *bytes, size_t len, unsigned mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, bytes, len) == (ssize_t)len && fchmod(fd, mode) == 0);
    if (fd >= 0)
        close(fd);
}

static void make_zip(const struct file *files, const char *path)
{
    struct zip_build *zip = calloc(1, sizeof *zip);
    for (; files->name; files++) {
        size_t len;
        const char *bytes = content_of(files, &len);
        unsigned type = files->mode & S_IFMT ? 0 : S_IFREG;
        zip_add(zip, &(struct zip_entry){.name = files->name,
                                         .data = bytes,
                                         .data_len = len,
                                         .mode = type | (files->mode ? files->mode : 0644)});
    }
    zip_finish(zip);
    write_bytes(path, zip->bytes, zip->len, 0644);
    free(zip);
}

static void make_parents(const char *path)
{
    char part[PATH_MAX];
    snprintf(part, sizeof part, "%s", path);
    for (char *at = strchr(part + strlen(work) + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        CHECK((mkdir(part, 0755) == 0 && chmod(part, 0755) == 0) || errno == EEXIST);
        *at = '/';
    }
}

static void make_folder(const struct file *files, const char *root)
{
    char path[PATH_MAX];
    for (; files->name; files++) {
        size_t len;
        const char *bytes = content_of(files, &len);
        unsigned mode = files->mode & 07777 ? files->mode & 07777 : 0644;
        snprintf(path, sizeof path, "%s/%s", root, files->name);
        make_parents(path);
        if (S_ISLNK(files->mode))
            CHECK_INT(symlink(files->text, path), 0);
        else if (S_ISFIFO(files->mode))
            CHECK_INT(mkfifo(path, 0644), 0);
        else if (S_ISDIR(files->mode))
            CHECK_INT(chmod(path, mode), 0);
        else
            write_bytes(path, bytes, len, mode);
    }
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void start(void)
{
    zip_folder(work);
    CHECK_INT(chmod(work, 0755), 0);
}

static void end(void)
{
    CHECK_INT(nftw(work, remove_one, 64, FTW_DEPTH | FTW_PHYS), 0);
}

static const char *at(const char *name)
{
    static char paths[4][PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, PATH_MAX, "%s/%s", work, name);
    return path;
}

/* With the search paths of the profile, where there is one. */
static struct check_report *check_with_paths(struct check_request request, struct err *err)
{
    const struct profile *profile = profile_find(request.profile);
    request.library_path = profile ? profile->library_path : "";
    request.program_path = profile ? profile->path : "";
    return check_run(&request, err);
}

/* ---- comparing ----------------------------------------------------------------------------- */

static bool matches(const struct check_finding *f, const char *want)
{
    char head[512];
    snprintf(head, sizeof head, "%c %s %s: ", f->severity == CHECK_ERROR ? 'E' : 'W', f->rule,
             f->where);
    size_t len = strlen(head);
    return strncmp(head, want, len) == 0 && strstr(f->what, want + len);
}

static void compare(const struct row *row, const char *form, const struct check_report *r)
{
    size_t nwants = 0, nerrors = 0;
    bool same = true;
    while (nwants < FINDINGS && row->wants[nwants])
        nerrors += row->wants[nwants++][0] == 'E';
    same = r->nfindings == nwants && r->nerrors == nerrors;
    for (size_t i = 0; same && i < nwants; i++)
        same =
            matches(&r->findings[i], row->wants[i]) && *r->findings[i].why && *r->findings[i].fix;
    if (same)
        return;
    check_report(__FILE__, __LINE__, row->name);
    for (size_t i = 0; i < nwants; i++)
        printf("# want %s\n", row->wants[i]);
    for (size_t i = 0; i < r->nfindings; i++)
        printf("# %s: %d %s %s: %s\n#   why: %s\n", form, r->findings[i].severity,
               r->findings[i].rule, r->findings[i].where, r->findings[i].what, r->findings[i].why);
}

static void run_row(const struct row *row, bool zip)
{
    const char *layers[FILES] = {0}, *path = at(zip ? "package.zip" : "package");
    struct check_request request = {.path = path,
                                    .layers = layers,
                                    .nlayers = row->nlayers,
                                    .profile = row->profile ? row->profile : "al2023",
                                    .arch = row->arch,
                                    .handler = row->handler};
    struct err err = {0};
    if (zip)
        make_zip(row->files, path);
    else
        make_folder(row->files, path);
    if (row->layer)
        make_zip(row->layer, at("layer.zip"));
    for (size_t i = 0; i < row->nlayers; i++)
        layers[i] = i ? layers[0] : at("layer.zip");
    struct check_report *report = check_with_paths(request, &err);
    if (report)
        compare(row, zip ? "zip" : "folder", report);
    else
        check_report(__FILE__, __LINE__, err.msg);
    check_free(report);
}

static void test_table(void)
{
    for (size_t i = 0; i < verdict_nrows; i++)
        for (int zip = 0; zip < 2; zip++) {
            if (zip ? verdict_rows[i].folder_only : verdict_rows[i].zip_only)
                continue;
            start();
            run_row(&verdict_rows[i], zip);
            end();
        }
}

/* ---- what no row can say ------------------------------------------------------------------- */

static struct check_report *look_at(const char *path, const char *on, struct err *err)
{
    const struct check_request request = {.path = path, .profile = "al2023", .runtime = on};
    return check_with_paths(request, err);
}

static void lone(const struct elf_spec *spec, const char *on, const struct row *row)
{
    struct err err = {0};
    elf_build_file(&build, spec);
    write_bytes(at("orders.so"), build.bytes, build.len, 0600);
    struct check_report *r = look_at(at("orders.so"), on, &err);
    CHECK(r);
    if (r)
        compare(row, "file", r);
    check_free(r);
}

static void test_lone(void)
{
    start();
    elf_build_file(&build, &verdict_runtime);
    write_bytes(at("runtime"), build.bytes, build.len, 0755);
    lone(&verdict_handler, at("runtime"), &(struct row){.name = "a handler on the runtime"});
    lone(&verdict_handler, NULL,
         &(struct row){.name = "a handler without a runtime",
                       .wants = {"W bootstrap orders.so: was not checked together with a runtime: "
                                 "there is none for x86_64 here"}});
    lone(&verdict_loose, at("runtime"),
         &(struct row){.name = "a program", .wants = {"E symbol orders.so: nowhere, here"}});
    lone(&verdict_foo, at("runtime"),
         &(struct row){.name = "a library", .wants = {"E handler orders.so: exports no module"}});
    lone(&verdict_old_handler, at("runtime"),
         &(struct row){.name = "an old handler", .wants = {"E handler orders.so: version 9"}});
    end();
}

static void test_report(void)
{
    struct err err = {0};
    const struct file files[] = {BOOT(verdict_new_glibc),
                                 {"a.txt", "12345", NULL, 0},
                                 {"orders.so", NULL, &verdict_handler, 0},
                                 END};
    start();
    make_zip(files, at("f.zip"));
    struct check_report *r = look_at(at("f.zip"), NULL, &err);
    CHECK(r);
    if (r) {
        struct stat st;
        CHECK_INT(stat(at("f.zip"), &st), 0);
        CHECK_INT(r->zip_bytes, st.st_size);
        CHECK_INT(r->nfiles, 3);
        CHECK_INT(r->nelf, 2);
        CHECK_INT(r->arch, ELF_ARCH_X86_64);
        CHECK_STR(r->glibc, "2.38");
        CHECK_STR(r->profile, "al2023");
        CHECK(r->bytes > 5);
    }
    check_free(r);
    check_free(NULL);
    end();
}

static void test_refused(void)
{
    static const struct {
        const char *path, *profile, *arch, *says;
    } bad[] = {
        {"/nonexistent/f.zip", "al2023", NULL, "/nonexistent/f.zip"},
        {"/dev/null", "al2023", NULL, "neither a file nor a folder"},
        {"/etc/passwd", "al2023", NULL, "no program or shared object"},
        {"/proc/self/exe", "al3", NULL, "profile 'al3': expected one of al2023, al2"},
        {"/proc/self/exe", "al2", "aarch64", "architecture 'aarch64'"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        const struct check_request request = {
            .path = bad[i].path, .profile = bad[i].profile, .arch = bad[i].arch};
        CHECK(check_with_paths(request, &err) == NULL);
        CHECK_INT(err.kind, ERR_INPUT);
        CHECK_HAS(err.msg, bad[i].says);
    }
}

/* A finding, whatever the zip is cut to, and no failure. */
static void test_damaged_zip(void)
{
    const struct file files[] = {BOOT(verdict_good), END};
    char bytes[65536];
    start();
    make_zip(files, at("whole.zip"));
    int fd = open(at("whole.zip"), O_RDONLY | O_CLOEXEC);
    ssize_t len = read(fd, bytes, sizeof bytes);
    close(fd);
    CHECK(len > 0 && len < (ssize_t)sizeof bytes);
    for (ssize_t cut = 0; cut < len; cut += 1 + len / 60) {
        struct err err = {0};
        write_bytes(at("f.zip"), bytes, (size_t)cut, 0644);
        struct check_report *r = look_at(at("f.zip"), NULL, &err);
        CHECK(r && r->nerrors == 1 && strcmp(r->findings[0].rule, "zip") == 0);
        check_free(r);
    }
    end();
}

/* Sizes are claims of the zip's directory: no content is made for them. */
static void test_too_large(void)
{
    struct zip_build *zip = calloc(1, sizeof *zip);
    struct err err = {0};
    start();
    zip_add(zip, &(struct zip_entry){
                     .name = "bootstrap", .data = "x", .method = ZIP_DEFLATED, .claim = 262144001});
    zip_finish(zip);
    write_bytes(at("f.zip"), zip->bytes, zip->len, 0644);
    struct check_report *r = look_at(at("f.zip"), NULL, &err);
    CHECK(r && r->nerrors == 1);
    if (r) {
        CHECK_STR(r->findings[0].rule, "size");
        CHECK_HAS(r->findings[0].what, "262144000");
    }
    check_free(r);
    free(zip);
    CHECK_INT(mkdir(at("folder"), 0755), 0);
    write_bytes(at("folder/bootstrap"), SCRIPT, strlen(SCRIPT), 0755);
    write_bytes(at("folder/large"), "", 0, 0644);
    CHECK_INT(truncate(at("folder/large"), 262144001), 0);
    r = look_at(at("folder"), NULL, &err);
    CHECK(r && r->nerrors == 1 && strcmp(r->findings[0].rule, "size") == 0);
    check_free(r);
    end();
}

/* What this build may be told of, besides this host's glibc: a sanitizer's libraries. */
static bool is_of_the_build(const struct check_finding *f)
{
#ifdef __SANITIZE_ADDRESS__
    if (strcmp(f->rule, "library") == 0 && strstr(f->what, "san.so"))
        return true;
#endif
    return strcmp(f->rule, "glibc-version") == 0 || strcmp(f->rule, "debug-info") == 0;
}

/* The project's own files: what is built here needs this host's glibc or less. */
static void test_real(void)
{
    struct err err = {0};
    const struct check_request request = {
        .path = HANDLER_PATH, .profile = "al2023", .arch = ARCH, .runtime = BOOTSTRAP_PATH};
    struct check_report *r = check_with_paths(request, &err);
    CHECK(r);
    for (size_t i = 0; r && i < r->nfindings; i++)
        CHECK(is_of_the_build(&r->findings[i]));
    check_free(r);
}

/* The numbers that this side keeps of the handlers' interface. */
static void test_interface(void)
{
    CHECK_INT(CHECK_HANDLER_ABI, LAMBDA_ABI);
    CHECK_INT(CHECK_HANDLER_SIZE, sizeof(struct lambda_module));
    CHECK_INT(CHECK_HANDLER_ROW_SIZE, sizeof(struct lambda_handler));
}

static void test_rules(void)
{
    size_t count = 0;
    const struct check_rule *rules = check_rules(&count);
    CHECK(count > 15);
    for (size_t i = 0; i < count; i++) {
        CHECK(*rules[i].name && *rules[i].summary);
        for (size_t j = 0; j < i; j++)
            CHECK(strcmp(rules[i].name, rules[j].name) != 0);
    }
}

static const struct check_test tests[] = {
    {"table", test_table},
    {"lone", test_lone},
    {"report", test_report},
    {"refused", test_refused},
    {"damaged_zip", test_damaged_zip},
    {"too_large", test_too_large},
    {"real", test_real},
    {"interface", test_interface},
    {"rules", test_rules},
};
CHECK_MAIN(tests)

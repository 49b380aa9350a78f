/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/package.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cmd/container.h"
#include "cmd/package_parts.h"
#include "env/profile.h"
#include "launch/command.h"
#include "launch/failure.h"
#include "launch/options.h"
#include "launch/output.h"

#define UPLOAD_MAX  52428800 /* AWS: a zip in a request; beyond that it goes by way of S3 */
#define RESULT_MAX  (64u << 10)
#define NAMES_SHOWN 4

struct package {
    struct package_parts parts;
    const char *output;         /* of the zip */
    struct container container; /* the image */
    int signal_fd;
};

#define SETTER(name, member)                                                \
    static int set_##name(void *target, const char *value, struct err *err) \
    {                                                                       \
        struct package *p = target;                                         \
        if (p->member)                                                      \
            return err_set(err, ERR_USAGE, "was given twice");              \
        p->member = value;                                                  \
        return 0;                                                           \
    }

SETTER(output, output)
SETTER(bootstrap, parts.bootstrap)
SETTER(image_dir, container.dir)
SETTER(base, container.base)
SETTER(tag, container.tag)
SETTER(handler, container.handler)

static int set_layer(void *target, const char *value, struct err *err)
{
    struct package *p = target;
    (void)value;
    (void)err;
    p->parts.layer = true;
    return 0;
}

static int set_file(void *target, const char *value, struct err *err)
{
    struct package_parts *p = &((struct package *)target)->parts;
    if (p->nextras == ARRAY_LEN(p->extras))
        return err_set(err, ERR_USAGE,
                       "'%.200s' is one too many, at most %zu: put the files into a folder", value,
                       ARRAY_LEN(p->extras));
    p->extras[p->nextras++] = value;
    return 0;
}

static int set_arch(void *target, const char *value, struct err *err)
{
    struct package *p = target;
    p->parts.arch = elf_arch_find(value);
    if (p->parts.arch == ELF_ARCH_OTHER)
        return err_set(err, ERR_USAGE, "'%.80s' is not an architecture of Lambda: x86_64 or arm64",
                       value);
    return 0;
}

static int argument(void *target, const char *value, struct err *err)
{
    struct package_parts *p = &((struct package *)target)->parts;
    if (p->nhandlers == ARRAY_LEN(p->handlers))
        return err_set(err, ERR_USAGE, "'%.200s' is one handler file too many, at most %zu", value,
                       ARRAY_LEN(p->handlers));
    p->handlers[p->nhandlers++] = value;
    return 0;
}

static const struct option_row option_rows[] = {
    {"output", 'o', "FILE.zip", NULL, "the zip to write", set_output},
    {"file", 0, "FILE[=NAME]", NULL,
     "one more file, or a folder with all that is in it;\nNAME is its path in the package; may be "
     "repeated",
     set_file},
    {"layer", 0, NULL, NULL,
     "leave the runtime out, it is in a layer; without a\nhandler: that layer", set_layer},
    {"bootstrap", 0, "FILE", NULL,
     "this program as bootstrap, in any language, instead\nof this project's runtime",
     set_bootstrap},
    {"arch", 0, "ARCH", "the files' own", "x86_64 or arm64", set_arch},
    {"image-dir", 0, "DIR", NULL,
     "write a container image as well, or instead: an OCI\nlayout, made or added to, for skopeo "
     "and registries",
     set_image_dir},
    {"base", 0, "DIR[:TAG]", "this host's libraries", "the layout of an image to build it on",
     set_base},
    {"tag", 0, "NAME", "latest", "what the image is called in the layout", set_tag},
    {"handler", 0, "H", "the first file's", "the image's handler", set_handler},
};

static const struct options options = {
    .command = "package",
    .arguments = "[HANDLER.so]... -o FILE.zip|--image-dir DIR [OPTION]...",
    .intro = "Writes what can be uploaded as it is: handler files and the runtime for their "
             "architecture.\nThe same files give the same bytes. One line on stdout tells what "
             "the function's\nconfiguration needs.",
    .outro = "Exit: 0 done; 2 wrong usage or input, nothing was written; 3 it could not be "
             "written;\n130 interrupted. Of a zip and an image the zip is written first, and "
             "stays when the\nimage cannot be made.\n",
    .tables = {{option_rows, ARRAY_LEN(option_rows)}, {NULL, 0}},
    .argument = argument,
};

/* What only shows when all options are known. */
static int check_usage(const struct package *p, struct err *err)
{
    const struct package_parts *parts = &p->parts;
    if (!parts->nhandlers && !parts->bootstrap && !parts->layer)
        return err_set(err, ERR_USAGE,
                       "HANDLER.so is missing; or --bootstrap FILE for another runtime, --layer "
                       "for the layer with this project's");
    if (parts->nhandlers && parts->bootstrap && parts->layer)
        return err_set(err, ERR_USAGE,
                       "--layer leaves the runtime out, and --bootstrap puts one in: take one of "
                       "them");
    if (!p->output && !p->container.dir)
        return err_set(err, ERR_USAGE,
                       "-o FILE.zip is missing: where to write the package; or --image-dir DIR "
                       "for a container image");
    if (p->output && strcmp(p->output, "-") == 0)
        return err_set(err, ERR_USAGE,
                       "-o -: a zip is not written to standard output, name a file");
    return container_check(&p->container, parts, err);
}

static int block_signals(struct package *p, struct err *err)
{
    const sigset_t set = command_signals();
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return err_sys(err, "block signals");
    p->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return p->signal_fd < 0 ? err_sys(err, "open a signalfd") : 0;
}

static void tell_warnings(const struct package *p, const struct package_size *size)
{
    if (p->parts.made_here)
        output_note(
            "warning: the runtime of this host is in the package, '%.200s': it wants glibc %s or "
            "newer (al2023 has 2.34, al2 2.26); layers/release makes one that runs on al2023 and "
            "al2",
            p->parts.runtime, p->parts.glibc);
    if (size->zip_bytes > UPLOAD_MAX)
        output_note("warning: '%.200s' is larger than what can be uploaded directly (%d bytes): "
                    "put it into a bucket first",
                    p->output, UPLOAD_MAX);
}

static void add_handlers(const struct package_parts *p, struct buf *out)
{
    size_t shown = p->nhandlers < NAMES_SHOWN ? p->nhandlers : NAMES_SHOWN;
    for (size_t i = 0; i < shown; i++)
        buf_addf(out, "%s%s", i ? " or " : "", p->names[i]);
    if (p->nhandlers > shown)
        buf_addf(out, " or one of %zu more", p->nhandlers - shown);
    if (p->nhandlers == 0)
        buf_adds(out, "bootstrap");
}

static void add_names(const struct package_parts *p, struct buf *out)
{
    const struct gather *g = &p->files;
    size_t shown = g->count < NAMES_SHOWN ? g->count : NAMES_SHOWN;
    buf_adds(out, p->runtime[0] ? "bootstrap" : "");
    for (size_t i = 0; i < shown; i++)
        buf_addf(out, "%s%s", i || p->runtime[0] ? ", " : "", g->files[i].name);
    if (g->count > shown)
        buf_addf(out, " and %zu more", g->count - shown);
}

/* The older of the two runtimes, which not everything runs on. What lies in a layer is not here to
 * be looked at. */
static bool runs_on_older(const struct package *p)
{
    struct err ignored;
    const struct package_parts *parts = &p->parts;
    const struct profile *older = profile_find("al2");
    if (!older || (parts->layer && parts->nhandlers))
        return false;
    const struct check_request request = {
        .path = p->output,
        .profile = older->name,
        .library_path = older->library_path,
        .program_path = older->path,
        .arch = parts->arch == ELF_ARCH_OTHER ? NULL : elf_arch_name(parts->arch),
    };
    struct check_report *report = parts->deploy->check_run(&request, &ignored);
    bool fine = report && report->nerrors == 0;
    parts->deploy->check_free(report);
    return fine;
}

static int tell_result(const struct package *p, const struct package_size *size, struct err *err)
{
    const struct package_parts *parts = &p->parts;
    const char *arch =
        parts->arch == ELF_ARCH_OTHER ? "x86_64 or arm64" : elf_arch_name(parts->arch);
    bool layer = parts->layer && !parts->nhandlers;
    AUTO_BUF struct buf line;
    buf_init(&line, RESULT_MAX);
    buf_addf(&line, "%s: %" PRIu64 " bytes, %sruntime provided.al2023%s", p->output,
             size->zip_bytes, layer ? "layer for " : "",
             runs_on_older(p) ? " or provided.al2" : "");
    if (!layer) {
        buf_addf(&line, "%s, handler ", parts->layer ? " with a layer" : "");
        add_handlers(parts, &line);
    }
    buf_addf(&line, ", architecture %s (", arch);
    add_names(parts, &line);
    buf_adds(&line, ")\n");
    if (buf_check(&line, "the result", err) < 0)
        return -1;
    return output_write(STDOUT_FILENO, line.ptr, line.len, p->signal_fd, err);
}

static int write_zip(struct package *p, struct package_size *out, struct err *err)
{
    struct package_parts *parts = &p->parts;
    if (parts->runtime[0] && gather_file(&parts->files, parts->runtime, "bootstrap", true, err) < 0)
        return -1;
    int rc = parts->deploy->write_zip(p->output, parts->files.files, parts->files.count, out, err);
    if (parts->runtime[0])
        parts->files.count--; /* which the result names first */
    return rc;
}

static int make_zip(struct package *p, struct err *err)
{
    struct package_size size;
    if (write_zip(p, &size, err) < 0)
        return -1;
    tell_warnings(p, &size);
    return tell_result(p, &size, err);
}

static int make_image(struct package *p, struct err *err)
{
    AUTO_FREE char *line = NULL;
    if (container_write(&p->container, &p->parts, &line, err) < 0)
        return -1;
    return output_write(STDOUT_FILENO, line, strlen(line), p->signal_fd, err);
}

static int make(struct package *p, struct err *err)
{
    if (check_usage(p, err) < 0 || block_signals(p, err) < 0 ||
        package_parts_find(&p->parts, err) < 0 ||
        container_check_handler(&p->container, &p->parts, err) < 0)
        return -1;
    if (p->output && make_zip(p, err) < 0)
        return -1;
    return p->container.dir ? make_image(p, err) : 0;
}

static int parse_and_make(struct package *p, int argc, char **argv)
{
    struct err err = {0};
    bool help;
    int rc = options_parse(&options, argc, argv, p, &help, &err);
    if (rc == 0 && help) {
        options_help(&options, stdout);
        return output_finish(EXIT_DONE);
    }
    if (rc < 0 || make(p, &err) < 0) {
        if (err.kind != ERR_CLOSED)
            output_error(&err);
        return failure_exit_code(&err);
    }
    return EXIT_DONE;
}

int package_run(int argc, char **argv)
{
    struct package p = {.signal_fd = -1};
    int code = parse_and_make(&p, argc, argv);
    package_parts_fini(&p.parts);
    if (p.signal_fd >= 0)
        close(p.signal_fd);
    return code;
}

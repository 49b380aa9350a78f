/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/check.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "cmd/check_env.h"
#include "cmd/check_print.h"
#include "deploy/module.h"
#include "env/settings.h"
#include "launch/command.h"
#include "launch/failure.h"
#include "launch/options.h"
#include "launch/output.h"
#include "launch/paths.h"

#define REPORT_MAX (64u << 20)
#define WIDTH_MAX  160 /* longer lines are hard to read */
/* Lambda takes 5, and that a function has more is for the check to find. */
#define LAYERS_MAX 64

struct check {
    const char **paths; /* of argv */
    size_t npaths;
    const char *layers[LAYERS_MAX];
    size_t nlayers;
    struct settings settings; /* profile and handler */
    const char *arch;         /* NULL: what it is built for */
    struct check_env env;
    const struct deploy_module *deploy;
    bool json, colour;
    size_t width;
};

static int set_profile(void *target, const char *value, struct err *err)
{
    struct check *c = target;
    return settings_set_profile(&c->settings, value, err);
}

static int set_arch(void *target, const char *value, struct err *err)
{
    struct check *c = target;
    c->arch = value;
    if (elf_arch_find(value) != ELF_ARCH_OTHER)
        return 0;
    return err_set(err, ERR_INPUT, "'%.80s' is not an architecture of Lambda: x86_64 or arm64",
                   value);
}

static int set_layer(void *target, const char *value, struct err *err)
{
    struct check *c = target;
    if (c->nlayers == LAYERS_MAX)
        return err_set(err, ERR_USAGE, "'%.200s' is one too many: %d are looked at", value,
                       LAYERS_MAX);
    c->layers[c->nlayers++] = value;
    return 0;
}

static int set_handler(void *target, const char *value, struct err *err)
{
    struct check *c = target;
    return settings_set_handler(&c->settings, value, err);
}

static int set_env(void *target, const char *value, struct err *err)
{
    struct check *c = target;
    return check_env_add(&c->env, value, err);
}

static int set_env_file(void *target, const char *value, struct err *err)
{
    struct check *c = target;
    return check_env_add_file(&c->env, value, err);
}

static int set_json(void *target, const char *value, struct err *err)
{
    struct check *c = target;
    (void)value;
    (void)err;
    c->json = true;
    return 0;
}

static int argument(void *target, const char *value, struct err *err)
{
    struct check *c = target;
    (void)err;
    c->paths[c->npaths++] = value;
    return 0;
}

static const struct option_row option_rows[] = {
    {"profile", 0, "PROFILE", "al2023", "the runtime it is for: al2023 or al2", set_profile},
    {"arch", 0, "ARCH", "what it is built for", "x86_64 or arm64", set_arch},
    {"layer", 0, "DIR|ZIP", NULL, "a layer of the function; may be repeated, in order", set_layer},
    {"handler", 0, "HANDLER", "found in the package", "what the function's handler will be",
     set_handler},
    {"env", 0, "NAME=VALUE", NULL, "an environment variable it will have; may be repeated",
     set_env},
    {"env-file", 0, "FILE", NULL, "NAME=VALUE lines, taken as they are", set_env_file},
    {"json", 0, NULL, NULL, "a JSON object for each FILE, on a line of its own", set_json},
};

static const struct options options = {
    .command = "check",
    .arguments = "FILE... [OPTION]...",
    .intro =
        "Tells whether packages would run on Lambda, and what to do where they would not. FILE "
        "is a\nzip, a folder (an unpacked package, or one with programs in it), a handler "
        "file (.so) or a\nprogram. Nothing of it is run.",
    .outro = "Exit: 0 each FILE would run; 1 one would not; 2 wrong usage or no such file; 3 it "
             "could not\nbe looked at, or the answer not be written.\n",
    .tables = {{option_rows, ARRAY_LEN(option_rows)}, {NULL, 0}},
    .argument = argument,
};

static void print_rules(const struct check_rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[200];
        snprintf(text, sizeof text, "  %-22s %s", rules[i].name, rules[i].summary);
        options_help_text(stdout, text, strlen(text), 25);
    }
}

static int print_help(void)
{
    struct err err;
    size_t npackage, nenv;
    const struct deploy_module *deploy = deploy_load(&err);
    options_help(&options, stdout);
    if (!deploy) {
        output_error(&err);
        return output_finish(EXIT_HOST);
    }
    puts("\nRules:");
    const struct check_rule *package = deploy->check_rules(&npackage);
    const struct check_rule *env = check_env_rules(&nenv);
    print_rules(package, npackage);
    print_rules(env, nenv);
    return output_finish(EXIT_DONE);
}

static size_t terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
        return CHECK_WIDTH;
    return size.ws_col < WIDTH_MAX ? size.ws_col : WIDTH_MAX;
}

/* The runtime that a lone handler file will be put beside, if there is one for its architecture. */
static const char *runtime_for(const struct check *c, const char *path, char found[static PATH_MAX])
{
    struct err ignored;
    struct package_identity id;
    bool release;
    if (c->deploy->identify(path, &id, &ignored) < 0 || id.nhandlers == 0)
        return NULL;
    return paths_runtime(id.arch, found, &release, &ignored) == 0 ? found : NULL;
}

static int print(const struct check *c, const struct check_sight *s, bool first, struct err *err)
{
    AUTO_BUF struct buf text;
    buf_init(&text, REPORT_MAX);
    if (c->json) {
        if (check_print_json(s, &text, err) < 0)
            return -1;
    } else {
        buf_adds(&text, first ? "" : "\n");
        check_print_text(s, c->width, c->colour, &text);
    }
    if (buf_check(&text, "the report", err) < 0)
        return -1;
    if (fwrite(text.ptr, 1, text.len, stdout) != text.len || fflush(stdout) != 0)
        return err_sys(err, "write to stdout");
    return 0;
}

/* Gives the exit code of one file. */
static int check_one(const struct check *c, size_t i)
{
    struct err err;
    char runtime[PATH_MAX];
    const struct check_request request = {
        .path = c->paths[i],
        .layers = c->layers,
        .nlayers = c->nlayers,
        .profile = c->settings.profile->name,
        .library_path = c->settings.profile->library_path,
        .program_path = c->settings.profile->path,
        .arch = c->arch,
        .handler = c->settings.handler[0] ? c->settings.handler : NULL,
        .runtime = runtime_for(c, c->paths[i], runtime),
    };
    struct check_report *report = c->deploy->check_run(&request, &err);
    if (!report) {
        output_error(&err);
        return failure_exit_code(&err);
    }
    const struct check_sight sight = {c->paths[i], report, c->env.findings, c->env.count};
    int code = check_print_count(&sight, CHECK_ERROR) ? EXIT_FAILED : EXIT_DONE;
    if (print(c, &sight, i == 0, &err) < 0) {
        output_error(&err);
        code = failure_exit_code(&err);
    }
    c->deploy->check_free(report);
    return code;
}

static int prepare(struct check *c, struct err *err)
{
    if (c->npaths == 0)
        return err_set(err, ERR_USAGE,
                       "FILE is missing: a zip, a folder, a handler file (.so) or a program");
    c->colour = output_has_colour(STDOUT_FILENO);
    c->width = terminal_width();
    if (check_env_weigh(&c->env, err) < 0)
        return -1;
    c->deploy = deploy_load(err);
    return c->deploy ? 0 : -1;
}

/* The worst exit code of all. */
static int check_all(struct check *c, struct err *err)
{
    int worst = EXIT_DONE;
    if (prepare(c, err) < 0) {
        output_error(err);
        return failure_exit_code(err);
    }
    for (size_t i = 0; i < c->npaths; i++) {
        int code = check_one(c, i);
        worst = code > worst ? code : worst;
    }
    return worst;
}

static int run(struct check *c, int argc, char **argv)
{
    struct err err;
    bool help;
    if (options_parse(&options, argc, argv, c, &help, &err) < 0) {
        output_error(&err);
        return EXIT_USAGE;
    }
    return help ? print_help() : check_all(c, &err);
}

int check_command_run(int argc, char **argv)
{
    struct err err;
    struct check *c = calloc(1, sizeof *c);
    AUTO_FREE const char **paths = calloc((size_t)argc, sizeof *paths);
    if (!c || !paths) {
        free(c);
        err_set(&err, ERR_MEMORY, "no memory for the command line");
        output_error(&err);
        return EXIT_HOST;
    }
    c->paths = paths;
    c->settings.profile = profile_default();
    int code = run(c, argc, argv);
    check_env_fini(&c->env);
    free(c);
    return code;
}

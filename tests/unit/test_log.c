/* SPDX-License-Identifier: Apache-2.0 */
#include "core/log.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>

#include "check.h"

static int saved_stderr = -1;
static FILE *caught;

/* From here on stderr is a file. */
static void catch_begin(void)
{
    fflush(stderr);
    saved_stderr = dup(STDERR_FILENO);
    caught = tmpfile();
    dup2(fileno(caught), STDERR_FILENO);
}

/* What was written since; free() it. */
static char *catch_end(size_t *out_len)
{
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    fseek(caught, 0, SEEK_END);
    size_t len = (size_t)ftell(caught);
    rewind(caught);
    char *text = malloc(len + 1);
    *out_len = fread(text, 1, len, caught);
    text[*out_len] = '\0';
    fclose(caught);
    return text;
}

static bool is_time(const char *text)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:dd.dddZ";
    for (size_t i = 0; i < LOG_TIME_LEN; i++)
        if (shape[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i])
            return false;
    return true;
}

static void test_line(void)
{
    size_t len;
    catch_begin();
    log_line(LAMBDA_INFO, "id-1", "two\nlines, %d", 42);
    log_line(LAMBDA_FATAL, NULL, "bye");
    AUTO_FREE char *text = catch_end(&len);
    CHECK(is_time(text));
    CHECK_HAS(text, "Z\tid-1\tINFO\ttwo\rlines, 42\n");
    CHECK_HAS(text, "Z\t-\tFATAL\tbye\n");
}

static void test_time(void)
{
    char text[LOG_TIME_LEN + 1] = "", day[32], now_day[32];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M", gmtime(&now.tv_sec));
    log_time(text);
    clock_gettime(CLOCK_REALTIME, &now);
    strftime(now_day, sizeof now_day, "%Y-%m-%dT%H:%M", gmtime(&now.tv_sec));
    CHECK(strncmp(text, day, 16) == 0 || strncmp(text, now_day, 16) == 0);
}

static void test_levels(void)
{
    size_t len;
    enum lambda_level level = LAMBDA_TRACE;
    CHECK_INT(log_parse_level("warn", &level), 0);
    CHECK_INT(level, LAMBDA_WARN);
    CHECK_INT(log_parse_level("FATAL", &level), 0);
    CHECK_INT(level, LAMBDA_FATAL);
    CHECK_INT(log_parse_level("verbose", &level), -1);
    CHECK_INT(log_parse_level("", &level), -1);
    catch_begin();
    log_set_level(LAMBDA_WARN);
    for (int i = LAMBDA_TRACE; i <= LAMBDA_FATAL + 1; i++)
        log_line((enum lambda_level)i, NULL, "level %d", i);
    log_set_level(LAMBDA_INFO);
    AUTO_FREE char *text = catch_end(&len);
    CHECK(!strstr(text, "level 3"));
    CHECK_HAS(text, "\tWARN\tlevel 4\n");
    CHECK_HAS(text, "\tFATAL\tlevel 6\n");
    CHECK(!strstr(text, "level 7"));
}

/* Around the place where the line no longer fits on the stack, and where it is cut. */
static void test_long(void)
{
    static const size_t sizes[] = {1900, 2000,   2010,         2020,  2048,
                                   5000, 200000, LOG_LINE_MAX, 400000};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        size_t len;
        AUTO_FREE char *message = malloc(sizes[i] + 1);
        memset(message, 'm', sizes[i]);
        message[sizes[i]] = '\0';
        catch_begin();
        log_line(LAMBDA_INFO, "id", "%s", message);
        AUTO_FREE char *text = catch_end(&len);
        size_t whole = LOG_TIME_LEN + strlen("\tid\tINFO\t\n") + sizes[i];
        CHECK_INT(len, whole < LOG_LINE_MAX ? whole : LOG_LINE_MAX);
        CHECK(text[len - 1] == '\n' && text[len - 2] == 'm');
    }
}

/* Reads slowly up to the end; its exit status says whether so many bytes came. */
static pid_t start_reader(const int ends[2], size_t want)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    char bytes[4096];
    size_t got = 0;
    close(ends[1]);
    for (ssize_t n; (n = read(ends[0], bytes, sizeof bytes)) > 0; got += (size_t)n)
        usleep(200);
    _exit(got == want ? 0 : 1);
}

/* A stream that somebody else made non-blocking loses nothing. */
static void test_full_pipe(void)
{
    static char message[200001];
    int ends[2], status = -1;
    memset(message, 'm', sizeof message - 1);
    CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    saved_stderr = dup(STDERR_FILENO);
    pid_t reader = start_reader(ends, LOG_TIME_LEN + strlen("\tid\tINFO\t\n") + 200000);
    if (fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0 && dup2(ends[1], STDERR_FILENO) >= 0)
        log_line(LAMBDA_INFO, "id", "%s", message);
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    close(ends[1]);
    close(ends[0]);
    CHECK_INT(waitpid(reader, &status, 0), reader);
    CHECK_INT(status, 0);
}

static const struct check_test tests[] = {
    {"line", test_line},       {"time", test_time},           {"levels", test_levels},
    {"long lines", test_long}, {"full pipe", test_full_pipe},
};
CHECK_MAIN(tests)

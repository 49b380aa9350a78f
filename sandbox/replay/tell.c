/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/temporary.h"
#include "launch/output.h"
#include "replay/work.h"
#include "report/report.h"

#define WIDTH 100

void replay_judge_budget(struct replay *r)
{
    static const char *const names[BUDGET_COUNT] = {"duration", "memory", "init"};
    struct tally *t = &r->tally;
    const struct samples *before[] = {&t->durations[0], &t->memories[0], &t->inits[0]};
    const struct samples *now[] = {&t->durations[1], &t->memories[1], &t->inits[1]};
    for (int i = 0; i < BUDGET_COUNT; i++) {
        if (!r->options.budget.set[i])
            continue;
        double most = r->options.budget.most[i];
        t->budget[i] = most;
        if (before[i]->count == 0 || now[i]->count == 0) {
            tally_add_finding(t, false, true, names[i],
                              "%s to compare: %zu measurements before, %zu now", "nothing",
                              before[i]->count, now[i]->count);
            continue;
        }
        struct budget_verdict v =
            i == BUDGET_DURATION && r->options.baseline
                ? budget_judge_pairs(&t->ratios, samples_quantile(before[i], 0.5),
                                     samples_quantile(now[i], 0.5), most)
                : budget_judge(before[i], now[i], most);
        double unit = i == BUDGET_MEMORY ? 1 : 1000;
        tally_add_finding(t, v.verdict == VERDICT_OVER, v.verdict == VERDICT_UNSURE, names[i],
                          "median %.3g %s, was %.3g: %+.1f %% (95 %% sure: %+.1f to %+.1f), budget "
                          "%+.0f %%, %zu measurements",
                          v.now / unit, i == BUDGET_MEMORY ? "MB" : "ms", v.before / unit,
                          (v.ratio - 1) * 100, (v.low - 1) * 100, (v.high - 1) * 100,
                          (most - 1) * 100, v.count);
    }
}

static unsigned terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
        return size.ws_col;
    return WIDTH;
}

static int write_report(struct replay *r, const char *path, struct err *err)
{
    AUTO_BUF struct buf text;
    buf_init(&text, REPORT_MAX);
    report_find(path)(&r->tally, &text);
    if (buf_check(&text, "a report", err) < 0)
        return err_wrap(err, "'%.200s'", path);
    return temporary_write(path, text.ptr, text.len, err);
}

int replay_tell(struct replay *r, struct err *err)
{
    AUTO_BUF struct buf text;
    int status = 0;
    buf_init(&text, REPORT_MAX);
    replay_view_clear(&r->view);
    report_text(&r->tally, output_has_colour(STDOUT_FILENO), terminal_width(), &text);
    if (buf_check(&text, "the summary", err) < 0 ||
        output_write(STDOUT_FILENO, text.ptr, text.len, -1, err) < 0)
        return -1;
    for (size_t i = 0; i < r->options.nreports; i++)
        if (write_report(r, r->options.reports[i], err) < 0)
            status = -1;
    return status;
}

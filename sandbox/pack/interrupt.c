/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/interrupt.h"

#include <signal.h>

int interrupt_check(struct err *err)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    sigset_t pending;
    if (sigpending(&pending))
        return err_sys(err, "ask for pending signals");
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        struct sigaction how;
        /* a blocked signal is pending even when it is ignored */
        if (sigismember(&pending, signals[i]) == 1 && sigaction(signals[i], NULL, &how) == 0 &&
            how.sa_handler != SIG_IGN)
            return err_set(err, ERR_CLOSED, "interrupted");
    }
    return 0;
}

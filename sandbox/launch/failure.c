/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/failure.h"

#include "launch/command.h"

static const int codes[] = {
    [ERR_NONE] = EXIT_HOST,     [ERR_SYSTEM] = EXIT_HOST,    [ERR_MEMORY] = EXIT_HOST,
    [ERR_USAGE] = EXIT_USAGE,   [ERR_INPUT] = EXIT_USAGE,    [ERR_LIMIT] = EXIT_USAGE,
    [ERR_PROTOCOL] = EXIT_HOST, [ERR_REMOTE] = EXIT_HOST,    [ERR_CLOSED] = EXIT_INTERRUPTED,
    [ERR_HOST] = EXIT_HOST,     [ERR_HANDLER] = EXIT_FAILED,
};

int failure_exit_code(const struct err *err)
{
    return codes[err->kind];
}

/* SPDX-License-Identifier: Apache-2.0 */
/* clambda invoke: events in, answers out. */
#pragma once

int invoke_run(int argc, char **argv);

/* SPDX-License-Identifier: Apache-2.0 */
/* clambda check: would it run on Lambda. */
#pragma once

int check_command_run(int argc, char **argv);

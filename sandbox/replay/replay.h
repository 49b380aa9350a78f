/* SPDX-License-Identifier: Apache-2.0 */
/* clambda replay: recorded events through the function of today, its answers compared with those of
 * then. */
#pragma once

int replay_run(int argc, char **argv);

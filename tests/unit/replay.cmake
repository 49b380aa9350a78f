# SPDX-License-Identifier: Apache-2.0
clambda_unit_test(engine LINK replay)
clambda_unit_test(rehearsal LINK replay)

# SPDX-License-Identifier: Apache-2.0
clambda_unit_test(failure LINK core)
clambda_unit_test(log LINK core)
clambda_unit_test(module LINK core)
clambda_unit_test(dispatch LINK core)
clambda_unit_test(values LINK core)
clambda_unit_test(describe LINK core)
clambda_unit_test(frames LINK core)

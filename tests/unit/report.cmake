# SPDX-License-Identifier: Apache-2.0
foreach(name report tally tally_history)
    clambda_unit_test(${name} LINK report)
endforeach()

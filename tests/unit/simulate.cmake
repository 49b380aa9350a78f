# SPDX-License-Identifier: Apache-2.0
foreach(name chaos cycles history history_lines judge shaken shrink simulation sources)
    clambda_unit_test(${name} LINK simulate)
endforeach()

# SPDX-License-Identifier: Apache-2.0
foreach(name check_env check_print doctor payloads)
    clambda_unit_test(${name} LINK cmd)
endforeach()

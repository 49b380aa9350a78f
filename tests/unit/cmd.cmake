# SPDX-License-Identifier: Apache-2.0
foreach(name check_env check_print doctor options output payloads function)
    clambda_unit_test(${name} LINK cmd)
endforeach()
clambda_unit_test(engine LINK cmd)

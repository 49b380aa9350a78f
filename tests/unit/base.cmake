# SPDX-License-Identifier: Apache-2.0
foreach(name base64 file iso json scan temporary text)
    clambda_unit_test(${name} LINK base)
endforeach()

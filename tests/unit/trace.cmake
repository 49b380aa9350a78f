# SPDX-License-Identifier: Apache-2.0
foreach(name compare compare_text import pointer recording read redact samples)
    clambda_unit_test(${name} LINK trace)
endforeach()
target_compile_definitions(test_import PRIVATE FIXTURES="${CMAKE_CURRENT_LIST_DIR}/../fixtures/traces")
clambda_unit_test(growth LINK trace m)
clambda_unit_test(report LINK trace)
clambda_unit_test(tally LINK trace)

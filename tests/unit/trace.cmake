# SPDX-License-Identifier: Apache-2.0
foreach(name import pointer recording read redact)
    clambda_unit_test(${name} LINK trace)
endforeach()
target_compile_definitions(test_import PRIVATE FIXTURES="${CMAKE_CURRENT_LIST_DIR}/../fixtures/traces")
clambda_unit_test(destination LINK trace)

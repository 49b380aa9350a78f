# SPDX-License-Identifier: Apache-2.0
output "queue" {
  description = "Where to send messages to"
  value       = aws_sqs_queue.orders.url
}

output "failed_queue" {
  description = "What could not be handled"
  value       = aws_sqs_queue.failed.url
}

output "function" {
  description = "The function's name"
  value       = aws_lambda_function.orders.function_name
}

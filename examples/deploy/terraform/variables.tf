# SPDX-License-Identifier: Apache-2.0
variable "region" {
  type    = string
  default = "us-east-1"
}

variable "name" {
  description = "Begins the names of everything that is made"
  type        = string
  default     = "orders"
}

variable "architecture" {
  description = "What the packages were made for"
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "The architecture is x86_64 or arm64."
  }
}

variable "package" {
  description = "What clambda package has written"
  type        = string
  default     = "orders.zip"
}

variable "handler" {
  description = "The handler file's name without .so"
  type        = string
  default     = "sqs_batch"
}

variable "runtime_layer" {
  description = "The runtime layer's zip, where the package was made with --layer; else the package has the runtime"
  type        = string
  default     = null
}

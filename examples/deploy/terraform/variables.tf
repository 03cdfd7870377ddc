variable "name" {
  description = "Name of the role, and what other names begin with."
  type        = string
  default     = "sluice"
}

variable "tag" {
  description = "Only NAT gateways and network interfaces that carry this tag may be changed."
  type        = object({ key = string, value = string })
  default     = { key = "managed-by", value = "sluice" }
}

variable "policy" {
  description = "The role's policy: the output of `sluice iam-policy`, which can name each resource. Null: by tag."
  type        = string
  default     = null
}

variable "irsa" {
  description = "The service account of a cluster that may take the role. issuer is without https://."
  type        = object({ provider_arn = string, issuer = string, namespace = string, service_account = string })
  default     = null
}

variable "github" {
  description = "The repository (owner/name) and environment of GitHub Actions that may take the role."
  type        = object({ provider_arn = string, repository = string, environment = string })
  default     = null
}

variable "ecs" {
  description = "Whether ECS tasks of this account may take the role."
  type        = bool
  default     = false
}

variable "file_system_arn" {
  description = "The EFS file system that a task on Fargate keeps its configuration and record on."
  type        = string
  default     = null
}

variable "records" {
  description = "The bucket, and the prefix without slashes at its ends, that exports of the record go to."
  type        = object({ bucket = string, prefix = string })
  default     = null
}

variable "events" {
  description = "Whether EC2's events go to a queue, as a hint to look."
  type        = bool
  default     = false
}

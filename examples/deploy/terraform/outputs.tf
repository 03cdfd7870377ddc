output "role_arn" {
  description = "For the service account's annotation, the task definition, or the workflow."
  value       = aws_iam_role.sluice.arn
}

output "queue_url" {
  description = "The queue of events; null when events is false."
  value       = one(aws_sqs_queue.events[*].url)
}

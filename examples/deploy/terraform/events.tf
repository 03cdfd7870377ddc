# Off by default: who changes an address behind sluice's back is then seen when the
# drift schedule looks, and with it seconds later. CloudTrail must be on.
resource "aws_sqs_queue" "events" {
  count                      = var.events ? 1 : 0
  name                       = "${var.name}-events"
  message_retention_seconds  = 300 # a hint to look now is of no use later
  visibility_timeout_seconds = 30
  sqs_managed_sse_enabled    = true
}

resource "aws_cloudwatch_event_rule" "addresses" {
  count       = var.events ? 1 : 0
  name        = "${var.name}-addresses"
  description = "Somebody changed a private address of a NAT gateway or network interface"
  event_pattern = jsonencode({
    source        = ["aws.ec2"]
    "detail-type" = ["AWS API Call via CloudTrail"]
    detail = {
      eventSource = ["ec2.amazonaws.com"]
      eventName = [
        "AssignPrivateIpAddresses",
        "AssignPrivateNatGatewayAddress",
        "UnassignPrivateIpAddresses",
        "UnassignPrivateNatGatewayAddress",
      ]
    }
  })
}

resource "aws_cloudwatch_event_target" "queue" {
  count = var.events ? 1 : 0
  rule  = aws_cloudwatch_event_rule.addresses[0].name
  arn   = aws_sqs_queue.events[0].arn
}

resource "aws_sqs_queue_policy" "events" {
  count     = var.events ? 1 : 0
  queue_url = aws_sqs_queue.events[0].url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Events"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.events[0].arn
      Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_event_rule.addresses[0].arn } }
    }]
  })
}

resource "aws_iam_role_policy" "events" {
  count = var.events ? 1 : 0
  name  = "events"
  role  = aws_iam_role.sluice.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Events"
      Effect   = "Allow"
      Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage"]
      Resource = [aws_sqs_queue.events[0].arn]
    }]
  })
}

# The role that sluice works with, and, when asked for, EC2's events as a hint to look.
terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

data "aws_partition" "here" {}
data "aws_region" "here" {}
data "aws_caller_identity" "here" {}

# What `sluice iam-policy --mode apply --tag KEY=VALUE` prints for NAT gateways and
# network interfaces. var.policy takes that command's own output instead.
resource "aws_iam_role_policy" "addresses" {
  name = "addresses"
  role = aws_iam_role.sluice.id
  policy = var.policy != null ? var.policy : templatefile("${path.module}/policy.json.tftpl", {
    partition = data.aws_partition.here.partition
    region    = data.aws_region.here.name
    account   = data.aws_caller_identity.here.account_id
    tag_key   = var.tag.key
    tag_value = var.tag.value
  })
}

resource "aws_iam_role" "sluice" {
  name                 = var.name
  max_session_duration = 7200 # a drain can take 67 minutes, and apply --wait waits for it
  assume_role_policy   = data.aws_iam_policy_document.trust.json
}

data "aws_iam_policy_document" "trust" {
  dynamic "statement" {
    for_each = var.irsa == null ? [] : [var.irsa]
    content {
      actions = ["sts:AssumeRoleWithWebIdentity"]
      principals {
        type        = "Federated"
        identifiers = [statement.value.provider_arn]
      }
      condition {
        test     = "StringEquals"
        variable = "${statement.value.issuer}:sub"
        values   = ["system:serviceaccount:${statement.value.namespace}:${statement.value.service_account}"]
      }
      condition {
        test     = "StringEquals"
        variable = "${statement.value.issuer}:aud"
        values   = ["sts.amazonaws.com"]
      }
    }
  }

  # An environment, not a branch: it can ask for a reviewer, and names its branches.
  dynamic "statement" {
    for_each = var.github == null ? [] : [var.github]
    content {
      actions = ["sts:AssumeRoleWithWebIdentity"]
      principals {
        type        = "Federated"
        identifiers = [statement.value.provider_arn]
      }
      condition {
        test     = "StringEquals"
        variable = "token.actions.githubusercontent.com:sub"
        values   = ["repo:${statement.value.repository}:environment:${statement.value.environment}"]
      }
      condition {
        test     = "StringEquals"
        variable = "token.actions.githubusercontent.com:aud"
        values   = ["sts.amazonaws.com"]
      }
    }
  }

  dynamic "statement" {
    for_each = var.ecs ? ["ecs-tasks.amazonaws.com"] : []
    content {
      actions = ["sts:AssumeRole"]
      principals {
        type        = "Service"
        identifiers = [statement.value]
      }
      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [data.aws_caller_identity.here.account_id]
      }
    }
  }
}

# On Fargate, configuration and record are on a file system.
resource "aws_iam_role_policy" "files" {
  count = var.file_system_arn == null ? 0 : 1
  name  = "files"
  role  = aws_iam_role.sluice.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Files"
      Effect   = "Allow"
      Action   = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
      Resource = [var.file_system_arn]
    }]
  })
}

# Exports of the record: written, read back, never deleted.
resource "aws_iam_role_policy" "records" {
  count = var.records == null ? 0 : 1
  name  = "records"
  role  = aws_iam_role.sluice.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Records"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject"]
      Resource = ["arn:${data.aws_partition.here.partition}:s3:::${var.records.bucket}/${var.records.prefix}/*"]
    }]
  })
}

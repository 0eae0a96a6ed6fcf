# One machine with `tagpol serve` behind nginx, a SQLite database on an encrypted volume of its own, and backups in S3. The
# machine can be replaced: project and database stay on the volume.

data "aws_partition" "current" {}

data "aws_subnet" "machine" {
  id = var.subnet_id
}

data "aws_ssm_parameter" "debian" {
  count = var.image_id == null ? 1 : 0
  name  = "/aws/service/debian/release/13/latest/amd64"
}

locals {
  s3     = "arn:${data.aws_partition.current.partition}:s3:::"
  source = ["${local.s3}${var.package.bucket}/${var.package.key}", "${local.s3}${var.project.bucket}/${var.project.key}"]
  nginx = replace(replace(
    file("${path.module}/../nginx.conf.template"),
    "$${TAGPOL_HOST}", var.host),
  "tagpol:7777", "127.0.0.1:7777")
}

resource "aws_security_group" "machine" {
  name_prefix = "${var.name}-"
  description = "HTTPS to tagpol"
  vpc_id      = data.aws_subnet.machine.vpc_id
  tags        = var.tags

  # Port 80 leads to 443.
  dynamic "ingress" {
    for_each = [80, 443]
    content {
      description = "Requests"
      from_port   = ingress.value
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = var.allowed_cidrs
    }
  }

  egress {
    description = "Packages, AWS, channels and identity providers"
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }

  lifecycle {
    create_before_destroy = true
  }
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "machine" {
  statement {
    actions   = ["s3:GetObject"]
    resources = local.source
  }

  statement {
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [var.secret_arn]
  }

  dynamic "statement" {
    for_each = var.backup[*]
    content {
      actions   = ["s3:PutObject"]
      resources = ["${local.s3}${statement.value.bucket}/${statement.value.prefix}*"]
    }
  }
}

resource "aws_iam_role" "machine" {
  name_prefix        = "${var.name}-"
  assume_role_policy = data.aws_iam_policy_document.assume.json
  tags               = var.tags
}

resource "aws_iam_role_policy" "machine" {
  name   = "tagpol"
  role   = aws_iam_role.machine.id
  policy = data.aws_iam_policy_document.machine.json
}

resource "aws_iam_role_policy_attachment" "machine" {
  for_each   = toset(var.policy_arns)
  role       = aws_iam_role.machine.name
  policy_arn = each.value
}

resource "aws_iam_instance_profile" "machine" {
  name_prefix = "${var.name}-"
  role        = aws_iam_role.machine.name
  tags        = var.tags
}

resource "aws_ebs_volume" "data" {
  availability_zone = data.aws_subnet.machine.availability_zone
  size              = var.data_size
  type              = "gp3"
  encrypted         = true
  tags              = merge(var.tags, { Name = "${var.name}-data" })

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_instance" "machine" {
  ami                         = coalesce(var.image_id, one(data.aws_ssm_parameter.debian[*].value))
  instance_type               = var.instance_type
  subnet_id                   = var.subnet_id
  vpc_security_group_ids      = [aws_security_group.machine.id]
  iam_instance_profile        = aws_iam_instance_profile.machine.name
  user_data_replace_on_change = true
  tags                        = merge(var.tags, { Name = var.name })

  user_data = templatefile("${path.module}/cloud-init.yaml.tftpl", {
    host    = var.host
    nginx   = local.nginx
    package = var.package
    project = var.project
    secret  = var.secret_arn
    backup  = var.backup
    # As its device is named: without the hyphen.
    volume = replace(aws_ebs_volume.data.id, "-", "")
  })

  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    encrypted = true
  }

  lifecycle {
    # A newer image of Debian does not replace the machine.
    ignore_changes = [ami]
  }
}

resource "aws_volume_attachment" "data" {
  device_name = "/dev/sdf"
  volume_id   = aws_ebs_volume.data.id
  instance_id = aws_instance.machine.id
  # The machine ends first, and with it the database is closed.
  stop_instance_before_detaching = true
}

resource "aws_eip" "machine" {
  instance = aws_instance.machine.id
  domain   = "vpc"
  tags     = merge(var.tags, { Name = var.name })
}

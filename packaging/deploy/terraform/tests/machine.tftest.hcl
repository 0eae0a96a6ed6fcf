# terraform init -backend=false && terraform test, from Terraform 1.11 on. Plans only: the volume cannot be destroyed.
mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_resource "aws_ebs_volume" {
    override_during = plan
    defaults        = { id = "vol-0123456789abcdef0" }
  }
}

variables {
  host          = "tags.example.com"
  subnet_id     = "subnet-1"
  allowed_cidrs = ["10.0.0.0/8"]
  package       = { bucket = "packages", key = "tagpol_0.1.0_amd64.deb", sha256 = "0000000000000000000000000000000000000000000000000000000000000000" }
  project       = { bucket = "packages", key = "project.tar.gz" }
  secret_arn    = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:tagpol-AbCdEf"
}

run "without_backup" {
  command = plan

  assert {
    condition     = yamldecode(aws_instance.machine.user_data).runcmd == [["/usr/local/sbin/tagpol-set-up"]]
    error_message = "cloud-init runs the script"
  }
  assert {
    condition     = !strcontains(aws_instance.machine.user_data, "backup")
    error_message = "no backup is asked for"
  }
  assert {
    condition     = strcontains(base64decode(yamldecode(aws_instance.machine.user_data).write_files[1].content), "server_name tags.example.com;")
    error_message = "nginx knows the host"
  }
  assert {
    condition     = aws_instance.machine.metadata_options[0].http_tokens == "required" && aws_ebs_volume.data.encrypted
    error_message = "tokens and encryption are required"
  }
}

run "with_backup" {
  command = plan
  variables {
    image_id    = "ami-1"
    backup      = { bucket = "backups" }
    policy_arns = ["arn:aws:iam::123456789012:policy/read-tags"]
  }

  assert {
    condition     = length(yamldecode(aws_instance.machine.user_data).write_files) == 5
    error_message = "a service and a timer are written"
  }
  assert {
    condition     = strcontains(yamldecode(aws_instance.machine.user_data).write_files[3].content, "s3://backups/tagpol/")
    error_message = "backups go to the bucket"
  }
}

run "a_wrong_host" {
  command = plan
  variables {
    host = "https://tags.example.com/"
  }
  expect_failures = [var.host]
}

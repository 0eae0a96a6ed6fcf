output "address" {
  description = "The address that `host` must resolve to"
  value       = aws_eip.machine.public_ip
}

output "role_name" {
  description = "The role of the machine, for further permissions"
  value       = aws_iam_role.machine.name
}

output "instance_id" {
  description = "The machine; the administrator's link is in its journal: journalctl -u tagpol"
  value       = aws_instance.machine.id
}

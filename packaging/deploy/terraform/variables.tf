variable "name" {
  description = "Prefix of the names of all resources"
  type        = string
  default     = "tagpol"
}

variable "host" {
  description = "Name under which people reach the server; point it to the output `address`"
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9.-]+$", var.host))
    error_message = "Write a host name, without https:// and without a path."
  }
}

variable "subnet_id" {
  description = "Subnet of the machine; it needs a way to AWS and to Debian's package mirrors"
  type        = string
}

variable "allowed_cidrs" {
  description = "Networks that may reach the server"
  type        = list(string)
}

variable "instance_type" {
  description = "Give it the memory that `tagpol eval` needs, and 1 GiB"
  type        = string
  default     = "t3.medium"
}

variable "image_id" {
  description = "An image of Debian 13 or newer for x86_64; the newest one of Debian 13 if omitted"
  type        = string
  default     = null
}

variable "data_size" {
  description = "GiB of the volume with the project and the database"
  type        = number
  default     = 20
}

variable "package" {
  description = "The Debian package in S3, with its checksum in SHA256SUMS"
  type = object({
    bucket = string
    key    = string
    sha256 = string
  })

  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.package.sha256))
    error_message = "The checksum has 64 hexadecimal digits; SHA256SUMS lists it."
  }
}

variable "project" {
  description = "A .tar.gz in S3 with tagpol.toml at its top, unpacked while the server has no project"
  type = object({
    bucket = string
    key    = string
  })
}

variable "secret_arn" {
  description = "A secret of Secrets Manager: JSON with `serve_key`, and `certificate` and `certificate_key` in PEM"
  type        = string
}

variable "backup" {
  description = "Where a backup is written every night; none if omitted"
  type = object({
    bucket = string
    prefix = optional(string, "tagpol/")
  })
  default = null
}

variable "policy_arns" {
  description = "Further policies of the machine, such as the one that `tagpol snapshot fetch aws` needs"
  type        = list(string)
  default     = []
}

variable "tags" {
  description = "Tags of all resources"
  type        = map(string)
  default     = {}
}

// Programs of the pods of the real-cluster tests.
module brupop.test/testpod

go 1.26.0
